package store_test

import (
	"path/filepath"
	"testing"

	"cocarde.example/internal/store"
	"cocarde.example/internal/store/storetest"
)

// underTest is a migrated database of either kind, as store.Options name it.
type underTest struct{ database string }

func (d underTest) open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Database: d.database})
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

func (d underTest) Open(t *testing.T) storetest.Store { return d.open(t) }

func (d underTest) ShrinkList(t *testing.T, size int64) {
	d.open(t).Exec(t, `UPDATE status_lists SET size = $1`, size)
}

func (d underTest) Empty(t *testing.T) store.Options {
	if store.OnServer(d.database) {
		return store.Options{Database: emptyOnServer(t) + "&pool_max_conns=4"}
	}
	return store.Options{Database: filepath.Join(t.TempDir(), "restored.db")}
}

// runSuite runs the suite that every database passes.
func runSuite(t *testing.T, create func(t *testing.T) underTest) {
	t.Helper()
	storetest.Run(t, func(t *testing.T) storetest.Database { return create(t) })
}

func (d underTest) Exec(t *testing.T, statement string) { d.open(t).Exec(t, statement) }

func (d underTest) Find(t *testing.T, text string) []string { return d.open(t).Find(t, text) }
