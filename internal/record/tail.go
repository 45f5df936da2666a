package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// tailSize is how much of a file's end is read at first.
const tailSize = 1 << 12

// Last is the highest number that the record tells of. It reads the ends of the
// files only, since a start must not take long. A record that ends before an event
// which its database has numbered is damaged.
func (r *Record) Last(seq int64) (last int64, err error) {
	last = r.after
	files, err := r.files()
	if err != nil {
		return 0, err
	}
	for _, path := range files {
		l, err := lastOf(path)
		if err != nil {
			return 0, naming(path, err)
		}
		last = max(last, l)
	}
	return last, reaches(last, seq)
}

// reaches wants the end of a record not to be before its database's: what is numbered
// was recorded first.
func reaches(last, seq int64) error {
	if last < seq {
		return errDamaged.Because(fmt.Errorf("it ends with event %d, the database or backup with %d", last, seq))
	}
	return nil
}

// lastOf reads ever more of a file's end until the last whole line stands in it.
func lastOf(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	for size := min(int64(tailSize), info.Size()); ; size = min(2*size, info.Size()) {
		tail := make([]byte, size)
		if _, err := f.ReadAt(tail, info.Size()-size); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		l, found, err := lastLine(tail, size == info.Size())
		if found || err != nil || size == info.Size() {
			return l.Last, err
		}
	}
}

// lastLine finds the last whole line of a file's end.
func lastLine(tail []byte, all bool) (l line, found bool, err error) {
	for first := true; ; first = false {
		end := bytes.LastIndexByte(tail, '\n')
		if end < 0 {
			return line{}, false, nil
		}
		start := bytes.LastIndexByte(tail[:end], '\n')
		if start < 0 && !all {
			return line{}, false, nil
		}
		l, err = decode(tail[start+1 : end])
		if err == nil {
			return l, true, nil
		}
		if !first || !torn(tail[start+1:end], true) || end != len(tail)-1 {
			return line{}, false, err
		}
		tail = tail[:start+1]
	}
}
