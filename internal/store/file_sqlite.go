package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cocarde.example/internal/fault"
)

// Faults of a file that SQLite would make worse, or not explain.
var (
	errTorn = fault.New(fault.Conflict, "database_torn",
		"The database's file is empty, and what was written last still stands in the -wal file beside it: the file was lost or emptied. Nothing was touched. Keep both elsewhere, and restore a backup into an empty place.")
	errLink = fault.New(fault.Unavailable, "database_link",
		"The database's path is a symbolic link that leads to no file. Nothing was touched. Check whether its disk is mounted, make the link lead to the file, or remove the link.")
)

// file sees that there is one. It is made here and not by SQLite, so that
// nobody else may ever read it; SQLite gives its companions the same mode.
func (d sqlite) file(create bool) error {
	switch info, err := os.Stat(d.path); {
	case err == nil && !info.Mode().IsRegular():
		return errUnusable
	case err == nil:
		return d.whole()
	case !errors.Is(err, fs.ErrNotExist):
		return errUnusable.Because(err)
	}
	if to, err := os.Readlink(d.path); err == nil {
		return errLink.Because(fmt.Errorf("it leads to %s", to))
	}
	if !create {
		return errMissing
	}
	f, err := os.OpenFile(d.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return nil
	}
	if noSpace(err) {
		return errDiskFull.Because(err)
	}
	if err != nil {
		return errUnusable.Because(err)
	}
	return f.Close()
}

// whole refuses an empty file beside a log that is not: SQLite deletes such a log. The log
// is looked at first, since a database that others make meanwhile is never empty once it
// has one.
func (d sqlite) whole() error {
	path, err := filepath.EvalSymlinks(d.path) // the log lies beside the file itself
	if err != nil {
		return errUnusable.Because(err)
	}
	log, err := os.Stat(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) || err == nil && log.Size() == 0 {
		return nil
	}
	if err != nil {
		return errUnusable.Because(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return errUnusable.Because(err)
	}
	if info.Size() == 0 {
		return errTorn.Because(fmt.Errorf("%s has %d bytes", filepath.Base(path)+"-wal", log.Size()))
	}
	return nil
}
