package store_test

import (
	"sync"
	"testing"

	"cocarde.example/internal/store"
	"cocarde.example/internal/store/storetest"
	"cocarde.example/test/postgres"
)

// onServer is a PostgreSQL database under test.
type onServer struct{ url string }

// template is a migrated database: copying it is faster than migrating.
var template struct {
	sync.Mutex
	url string
}

func migratedOnServer(t *testing.T) string {
	t.Helper()
	template.Lock()
	defer template.Unlock()
	if template.url == "" {
		url := emptyOnServer(t)
		if _, err := store.Migrate(t.Context(), store.Options{Database: url}); err != nil {
			t.Fatal(err)
		}
		template.url = url
	}
	return template.url
}

func emptyOnServer(t *testing.T) string {
	t.Helper()
	url, err := postgres.Shared(t).NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func newOnServer(t *testing.T) storetest.Database {
	t.Helper()
	from := migratedOnServer(t)
	url, err := postgres.Shared(t).NewDatabaseFrom(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	return onServer{url + "&pool_max_conns=4"} // many tests share one server's connections
}

func (d onServer) open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Database: d.url})
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

func (d onServer) Open(t *testing.T) storetest.Store { return d.open(t) }

func (d onServer) ShrinkList(t *testing.T, size int64) {
	d.open(t).Exec(t, `UPDATE status_lists SET size = $1`, size)
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, newOnServer)
}
