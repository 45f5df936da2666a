package store_test

import (
	"crypto/rand"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/internal/store/storetest"
	"cocarde.example/test/postgres"
)

// altered gives a URL with another part.
func altered(t *testing.T, database string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

func with(t *testing.T, database, parameter string) string {
	t.Helper()
	return altered(t, database, func(u *url.URL) { u.RawQuery += "&" + parameter })
}

// run runs statements in a database as the superuser.
func run(t *testing.T, database, statements string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	if err := postgres.Shared(t).Exec(t.Context(), strings.TrimPrefix(u.Path, "/"), statements); err != nil {
		t.Fatal(err)
	}
}

// future brings a database's schema to a later version.
func future(t *testing.T, url, migration string) error {
	t.Helper()
	s, err := store.OpenFuture(t.Context(), url, migration)
	if err != nil {
		return err
	}
	return s.Close()
}

func TestPostgresRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		database func(t *testing.T) string
		code     string
	}{
		"not migrated": {emptyOnServer, "database_outdated"},
		"another program's": {func(t *testing.T) string {
			database := emptyOnServer(t)
			run(t, database, `CREATE TABLE badges (id TEXT)`)
			return database
		}, "database_foreign"},
		"another program's migrations": {func(t *testing.T) string {
			database := emptyOnServer(t)
			run(t, database, `CREATE TABLE goose_db_version (version_id BIGINT); CREATE TABLE meta (id TEXT)`)
			return database
		}, "database_foreign"},
		"a newer one": {func(t *testing.T) string {
			database := newOnServer(t).database
			if err := future(t, database, "-- +goose Up\nCREATE TABLE later (id TEXT);"); err != nil {
				t.Fatal(err)
			}
			return database
		}, "database_newer"},
		"no right to its tables": {func(t *testing.T) string {
			database := newOnServer(t).database
			run(t, database, `REVOKE SELECT ON badges FROM cocarde`)
			return database
		}, "database_denied"},
		"no right to create": {func(t *testing.T) string {
			database := emptyOnServer(t)
			run(t, database, `DROP SCHEMA public; CREATE SCHEMA public`)
			return database
		}, "database_denied"},
		"another encoding": {func(t *testing.T) string {
			name := "ascii_" + strings.ToLower(rand.Text())
			database := emptyOnServer(t)
			run(t, database, `CREATE DATABASE `+name+` TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'`)
			return altered(t, database, func(u *url.URL) { u.Path = "/" + name })
		}, "database_server"},
		"no such database": {func(t *testing.T) string {
			return altered(t, emptyOnServer(t), func(u *url.URL) { u.Path = "/none" })
		}, "database_missing"},
		"no such user": {func(t *testing.T) string {
			return altered(t, emptyOnServer(t), func(u *url.URL) { u.User = url.User("none") })
		}, "database_denied"},
		"nobody there": {func(t *testing.T) string {
			return altered(t, emptyOnServer(t), func(u *url.URL) { u.Host = "127.0.0.1:1" })
		}, "database_unreachable"},
		"no such host": {func(*testing.T) string { return "postgres://u@host.invalid/d" }, "database_unreachable"},
		"no TLS there": {func(t *testing.T) string {
			return altered(t, emptyOnServer(t), func(u *url.URL) { u.RawQuery = "sslmode=require" })
		}, "database_unreachable"},
		"no such parameter": {func(t *testing.T) string { return with(t, emptyOnServer(t), "nonsense=1") }, "database_address"},
		"no such sslmode":   {func(*testing.T) string { return "postgres://u@127.0.0.1/d?sslmode=maybe" }, "database_address"},
		"no such pool":      {func(*testing.T) string { return "postgres://u@127.0.0.1/d?pool_max_conns=0" }, "database_address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := c.database(t)
			begun := time.Now()
			for _, migrate := range []bool{false, c.code != "database_outdated"} {
				s, err := store.Open(t.Context(), store.Options{Database: database, Migrate: migrate})
				if err == nil {
					_ = s.Close()
				}
				if fault.Code(err) != c.code {
					t.Fatalf("migrate %v: %v, want %s", migrate, err, c.code)
				}
			}
			if _, err := store.Inspect(t.Context(), store.Options{Database: database}); err != nil && fault.Code(err) != c.code {
				t.Errorf("inspect: %v, want %s", err, c.code)
			}
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// Many replicas may be told to migrate at once.
func TestPostgresMigratedAtOnce(t *testing.T) {
	t.Parallel()
	database := with(t, emptyOnServer(t), "pool_max_conns=2")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			schema, err := store.Migrate(t.Context(), store.Options{Database: database})
			if err != nil || schema.Found != schema.Known {
				t.Errorf("%+v, %v", schema, err)
			}
		})
	}
	all.Wait()
}

// A later version's migration finds rows and keeps them; one that fails leaves
// the database as it was.
func TestPostgresMigrationWithRows(t *testing.T) {
	t.Parallel()
	d := newOnServer(t)
	s := d.open(t)
	storetest.Fill(t, s)
	badges := s.Int(t, `SELECT COUNT(*) FROM badges WHERE listed`)
	ctx := `-- +goose Up
		ALTER TABLE badges ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';`
	if err := future(t, d.database, ctx+`INSERT INTO badges (id) VALUES ('nothing else');`); err == nil {
		t.Fatal("a migration that cannot be was done")
	}
	if n := s.Int(t, `SELECT COUNT(*) FROM information_schema.columns WHERE column_name = 'colour'`); n != 0 {
		t.Fatal("half a migration was done")
	}
	if err := future(t, d.database, ctx+`UPDATE badges SET colour = 'white' WHERE listed;`); err != nil {
		t.Fatal(err)
	}
	if n := s.Int(t, `SELECT COUNT(*) FROM badges WHERE colour = 'white'`); n != badges || n == 0 {
		t.Fatalf("%d badges of %d were migrated", n, badges)
	}
}

// What a process does by itself: where it goes wrong is seen by its server only.
func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	d := newOnServer(t)
	s := d.open(t)
	for setting, want := range map[string]string{
		"statement_timeout": "6s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "15s",
		"application_name": "cocarde", "transaction_isolation": "read committed", "synchronous_commit": "on",
	} {
		if got := s.Text(t, "SHOW "+setting); got != want {
			t.Errorf("%s is %s, want %s", setting, got, want)
		}
	}
	own, err := store.Open(t.Context(), store.Options{Database: with(t, d.database, "statement_timeout=7s")})
	if err != nil {
		t.Fatal(err)
	}
	if got := own.Text(t, "SHOW statement_timeout"); got != "7s" {
		t.Errorf("statement_timeout is %s", got)
	}
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPostgresOverTLS(t *testing.T) {
	t.Parallel()
	server := postgres.New(t, "ssl=on")
	database, err := server.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Migrate(t.Context(), store.Options{Database: database}); err != nil {
		t.Fatal(err)
	}
	stranger := altered(t, database, func(u *url.URL) {
		set := u.Query()
		set.Set("sslmode", "verify-full")
		set.Del("sslrootcert")
		u.RawQuery = set.Encode()
	})
	_, err = store.Open(t.Context(), store.Options{Database: stranger})
	if fault.Code(err) != "database_unreachable" {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
}
