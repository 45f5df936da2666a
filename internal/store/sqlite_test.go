package store_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"cocarde.example/internal/store"
	"cocarde.example/internal/store/storetest"
)

// file is an SQLite database under test.
type file struct{ path string }

// migrated is the content of a migrated file: copying it is faster than migrating.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "cocarde-store")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "cocarde.db")
	if _, err := store.Migrate(context.Background(), store.Options{Database: path}); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func newFile(t *testing.T) storetest.Database {
	t.Helper()
	content, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	f := file{filepath.Join(t.TempDir(), "cocarde.db")}
	if err := os.WriteFile(f.path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f file) open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Database: f.path})
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
