package store

import (
	"context"
	"errors"
	"io/fs"

	"cocarde.example/internal/backup"
	"cocarde.example/internal/fault"
)

// Restore makes the database of a backup, brings its schema up to date, and gives
// it to finish before it stands: what fails leaves the place as empty as it was.
// On PostgreSQL finish runs once the database stands, so that the backup must
// have been checked before.
func Restore(ctx context.Context, o Options, b *backup.Reader, finish func(context.Context, *Store) error) error {
	d := o.dialect()
	if err := fits(b.Header, d); err != nil {
		return err
	}
	return placing(d, d.restore(ctx, b, finish))
}

// placing tells what kept a database from being made where it should be.
func placing(d dialect, err error) error {
	_, told := fault.Of(err)
	var failed *fs.PathError
	switch {
	case noSpace(err) && (!told || errors.Is(err, errUnusable)):
		return errNoRoom.Because(fault.Cause(err))
	case !told && errors.As(err, &failed):
		return errUnusable.Because(err)
	}
	if err = d.opening(err); errors.Is(err, errFull) || errors.Is(err, errDiskFull) {
		err = errNoRoom.Because(fault.Cause(err))
	}
	return err
}

// Restorable says whether a backup may be restored to a database, as far as its
// header and the place tell.
func Restorable(ctx context.Context, o Options, h backup.Header) error {
	d := o.dialect()
	if err := fits(h, d); err != nil {
		return err
	}
	return d.opening(d.empty(ctx))
}

func fits(h backup.Header, d dialect) error {
	if h.Dialect != d.name() {
		return errDialect
	}
	known, err := knownVersion(d)
	if err == nil && h.Schema > known {
		err = backup.ErrNewer
	}
	return err
}

// finished opens what was restored, lets finish act on it, and closes it.
func finished(ctx context.Context, d dialect, finish func(context.Context, *Store) error) error {
	s, err := open(ctx, d, Options{Migrate: true})
	if err != nil {
		return err
	}
	return errors.Join(finish(ctx, s), s.Close())
}
