package app

import (
	"errors"
	"io"
	"os"

	"cocarde.example/internal/store"
)

// open opens what is to be read; how long standard input is, nobody knows.
func (r Restoring) open() (from io.ReadCloser, total int64, err error) {
	if r.File == "-" {
		return io.NopCloser(r.In), 0, nil
	}
	f, err := os.Open(r.File)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// keepInput keeps what can be read only once, as encrypted as it is, in a file that its
// caller removes.
func keepInput(in io.Reader) (name string, err error) {
	f, err := os.CreateTemp("", "cocarde-restore-*.age") // mode 0600
	if err != nil {
		return "", errInputUnkept.Because(err)
	}
	read := &counted{from: in, told: func(int64, int64) {}}
	if _, err = io.Copy(f, read); err != nil && !errors.Is(err, errBackupUnread) {
		err = errInputUnkept.Because(err)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

type counted struct {
	from        io.Reader
	done, total int64
	told        store.Progress
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.done += int64(n)
	c.told(c.done, c.total)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errBackupUnread.Because(err)
	}
	return n, err
}
