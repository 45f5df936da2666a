package store_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
)

// A disk that fills up while a backup is restored is told as such, and a file is not
// left half done.
func TestRestoreWithoutRoom(t *testing.T) {
	t.Parallel()
	for name, empty := range emptyPlaces() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, open := formerBackup(t, empty(t))
			for _, fails := range []func(context.Context, *store.Store) error{
				func(ctx context.Context, s *store.Store) error {
					if name != "SQLite" {
						return &fs.PathError{Op: "write", Path: "there", Err: syscall.ENOSPC}
					}
					s.Exec(t, `PRAGMA max_page_count = 1`) // the least that SQLite takes is what there is
					for n := range 1000 {
						if err := s.StopMail(ctx, make([]byte, 20000+n), time.Unix(1, 0)); err != nil {
							return err
						}
					}
					return nil
				},
				func(context.Context, *store.Store) error {
					return &fs.PathError{Op: "write", Path: "there", Err: syscall.EDQUOT}
				},
			} {
				to := empty(t)
				wantCode(t, store.Restore(t.Context(), store.Options{Database: to}, open(), fails), "database_full")
				if left, _ := filepath.Glob(to + "*"); len(left) != 0 {
					t.Errorf("there is left %q", left)
				}
			}
			eio := func(context.Context, *store.Store) error {
				return &fs.PathError{Op: "write", Path: "there", Err: syscall.EIO}
			}
			wantCode(t, store.Restore(t.Context(), store.Options{Database: empty(t)}, open(), eio), "database_unusable")
		})
	}
}

// A database of a former version stands in the way, and is not to be migrated for that.
func TestRestoreOverAFormerVersion(t *testing.T) {
	t.Parallel()
	former := filepath.Join(t.TempDir(), "cocarde.db")
	_, open := formerBackup(t, former)
	err := store.Restorable(t.Context(), store.Options{Database: former}, open().Header)
	wantCode(t, err, "database_not_empty")
	if cause := fault.Cause(err).Error(); !strings.Contains(cause, "schema 7") || strings.Contains(cause, "migrate") {
		t.Errorf("it says %q", cause)
	}
}

// Where only the file of a database was lost, nothing is restored over what is left of it; nor
// through a link that leads nowhere.
func TestRestoreOverWhatIsLeft(t *testing.T) {
	t.Parallel()
	_, open := formerBackup(t, filepath.Join(t.TempDir(), "cocarde.db"))
	for path, code := range map[string]string{emptied(t): "database_torn", leadsNowhere(t): "database_link"} {
		wantCode(t, store.Restorable(t.Context(), store.Options{Database: path}, open().Header), code)
		err := store.Restore(t.Context(), store.Options{Database: path}, open(), func(context.Context, *store.Store) error { return nil })
		wantCode(t, err, code)
	}
}
