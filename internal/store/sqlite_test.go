package store_test

import (
	"path/filepath"
	"testing"

	"cocarde.example/internal/store"
	"cocarde.example/internal/store/storetest"
)

// file is an SQLite database under test.
type file struct{ path string }

func newFile(t *testing.T) storetest.Database {
	f := file{filepath.Join(t.TempDir(), "cocarde.db")}
	if _, err := store.Migrate(t.Context(), store.Options{Path: f.path}); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f file) open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: f.path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (f file) Open(t *testing.T) storetest.Store { return f.open(t) }

func (f file) ShrinkList(t *testing.T, size int64) {
	f.open(t).Exec(t, `UPDATE status_lists SET size = $1`, size)
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, newFile)
}
