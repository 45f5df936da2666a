package store_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"cocarde.example/internal/store"
)

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

func newFile(t *testing.T) underTest {
	t.Helper()
	content, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cocarde.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return underTest{path}
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	runSuite(t, newFile)
}
