package store

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
)

// pages are those of a database as a read transaction sees them.
//
// A page that the write-ahead log does not name is read from the file, which is far
// faster than by a query: as long as the transaction lasts no checkpoint writes to
// the file what came after its beginning (https://sqlite.org/walformat.html, 2.2 and
// 2.3.1).
type pages struct {
	conn   *sql.Conn
	count  int64
	size   int64
	logged map[int64]bool // by number, from 1
}

// batch is how much of a file is read at once, in bytes.
const batch = 1 << 20

func (p pages) copy(ctx context.Context, file io.ReaderAt, to io.Writer) error {
	run := make([]byte, 0, batch)
	flush := func(next int64) error {
		if len(run) == 0 {
			return nil
		}
		if _, err := file.ReadAt(run, (next-1)*p.size-int64(len(run))); err != nil {
			return err
		}
		_, err := to.Write(run)
		run = run[:0]
		return err
	}
	for n := int64(1); n <= p.count; n++ {
		if p.logged[n] || int64(len(run))+p.size > batch {
			if err := errors.Join(ctx.Err(), flush(n)); err != nil {
				return err
			}
		}
		if !p.logged[n] {
			run = run[:int64(len(run))+p.size]
			continue
		}
		var page []byte
		if err := p.conn.QueryRowContext(ctx, `SELECT data FROM sqlite_dbpage WHERE pgno = $1`, n).Scan(&page); err != nil {
			return err
		}
		if _, err := to.Write(page); err != nil {
			return err
		}
	}
	return flush(p.count + 1)
}

// Sizes in a write-ahead log, in bytes (https://sqlite.org/fileformat2.html, 4.1).
const (
	logHead   = 32
	frameHead = 24
)

// loggedPages gives the numbers of all pages that a write-ahead log holds, and
// perhaps of some that it held before.
func loggedPages(path string, size int64) (map[int64]bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was only read, and locks are on other files
	logged := map[int64]bool{}
	in := bufio.NewReaderSize(f, 1<<18)
	if _, err := in.Discard(logHead); err != nil {
		return logged, atEnd(err)
	}
	for {
		head, err := in.Peek(frameHead)
		if err != nil {
			return logged, atEnd(err)
		}
		logged[int64(binary.BigEndian.Uint32(head))] = true
		if _, err := in.Discard(frameHead + int(size)); err != nil {
			return logged, atEnd(err)
		}
	}
}

func atEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
