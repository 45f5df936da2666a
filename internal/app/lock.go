package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"cocarde.example/internal/fault"
)

var errLocked = fault.New(fault.Conflict, "data_dir_in_use",
	"Another cocarde uses this data directory: a server, or a restore or replay that is under way. Stop it, or wait for its end; or give this one its own COCARDE_DATA_DIR.")

// lockDataDir makes the data directory if need be and keeps any other server out
// of it. The lock ends with the process, however that ends.
func lockDataDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, naming(dir, errLocked)
		}
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	return f, nil
}

// holder names whoever serves from a data directory, among all on one database.
// The name stays in the lock: a server that was killed finds its lease again at
// the next start, and need not wait for its end.
func holder(lock *os.File) (string, error) {
	const size = 16
	name := make([]byte, size)
	if n, err := lock.ReadAt(name, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read lock: %w", err)
	} else if n == size {
		return string(name), nil
	}
	fresh := make([]byte, size/2)
	rand.Read(fresh) // never fails
	hex.Encode(name, fresh)
	if _, err := lock.WriteAt(name, 0); err != nil {
		return "", fmt.Errorf("write lock: %w", err)
	}
	return string(name), nil
}
