package store_test

import (
	"sync"
	"testing"

	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

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

func newOnServer(t *testing.T) underTest {
	t.Helper()
	from := migratedOnServer(t)
	url, err := postgres.Shared(t).NewDatabaseFrom(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	return underTest{url + "&pool_max_conns=4"} // many tests share one server's connections
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	runSuite(t, newOnServer)
}
