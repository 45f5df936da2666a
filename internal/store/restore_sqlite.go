package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"cocarde.example/internal/backup"
	"cocarde.example/internal/durable"
)

// companions are the files that SQLite keeps beside a database.
var companions = []string{"-wal", "-shm", "-journal"}

// empty wants no file here, or one that a server has made and found no issuer for;
// nor what a lost one has left beside it: that would become part of the next.
func (d sqlite) empty(ctx context.Context) error {
	if _, err := os.Lstat(d.path); err == nil {
		return d.unused(ctx)
	}
	for _, suffix := range append([]string{""}, companions...) {
		switch _, err := os.Lstat(d.path + suffix); {
		case err == nil:
			return errNotEmpty.Because(errors.New(filepath.Base(d.path + suffix)))
		case !errors.Is(err, fs.ErrNotExist):
			return errUnusable.Because(err)
		}
	}
	return nil
}

// unused wants a file that holds nothing yet, or a database without an issuer.
func (d sqlite) unused(ctx context.Context) error {
	switch schema, err := inspect(ctx, d); {
	case errors.Is(err, errTorn), errors.Is(err, errLink):
		return err
	case err != nil:
		return errNotEmpty.Because(err)
	case schema.Found == 0:
		return nil
	case schema.Found != schema.Known:
		return errNotEmpty.Because(fmt.Errorf("%s has tables of schema %d", filepath.Base(d.path), schema.Found))
	}
	s, err := open(ctx, d, Options{})
	if err != nil {
		return errNotEmpty.Because(err)
	}
	_, founded, err := s.Identity(ctx)
	if err = errors.Join(err, s.Close()); err == nil && founded {
		err = errNotEmpty
	}
	return err
}

// restore writes the file under another name, and gives it its own when all is done.
func (d sqlite) restore(ctx context.Context, b *backup.Reader, finish func(context.Context, *Store) error) error {
	if err := d.empty(ctx); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(d.path), filepath.Base(d.path)+".restore-*") // mode 0600
	if err != nil {
		return errUnusable.Because(err)
	}
	defer removeDatabase(temp.Name())
	out := durable.NewWriter(temp)
	err = writePages(ctx, out, b)
	if closed := cmp.Or(out.Close(), temp.Close()); err == nil { // otherwise it tells the same again
		err = closed
	}
	if err != nil {
		return err
	}
	if err := finished(ctx, sqlite{path: temp.Name(), busy: d.busy}, finish); err != nil {
		return err
	}
	if err := d.closedWhole(temp.Name()); err != nil {
		return err
	}
	if err := d.empty(ctx); err != nil { // still
		return err
	}
	removeDatabase(d.path)
	if err := os.Link(temp.Name(), d.path); errors.Is(err, fs.ErrExist) { // somebody was faster
		return errNotEmpty
	} else if err != nil {
		return errUnusable.Because(err)
	}
	return durable.Dir(filepath.Dir(d.path))
}

// closedWhole: the last connection that closes leaves everything in the file.
func (d sqlite) closedWhole(path string) error {
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return errors.New("store: the restored database was not closed")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func writePages(ctx context.Context, to *durable.Writer, b *backup.Reader) error {
	s, err := b.Next()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if s.Name != pagesSection {
		return backup.ErrDamaged.Because(fmt.Errorf("it has no section %q", pagesSection))
	}
	if _, err := to.ReadFrom(untilDone{ctx, b}); err != nil {
		return err
	}
	return b.Check()
}

// untilDone is a reader that ends with a context.
type untilDone struct {
	ctx  context.Context
	from io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}

func removeDatabase(path string) {
	for _, suffix := range append([]string{""}, companions...) {
		_ = os.Remove(path + suffix) // most of them are not there
	}
}
