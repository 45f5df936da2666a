package store_test

import (
	"net/url"
	"testing"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

// A table of somebody else's in the schema is told with its name: alone there, beside
// ours, and in place of one of ours.
func TestPostgresForeignTables(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		database    func(*testing.T) string
		statements  string
		code, table string
	}{
		"alone":                {emptyOnServer, `CREATE TABLE badges (id TEXT)`, "database_foreign", `badges`},
		"its migrations alone": {emptyOnServer, `CREATE TABLE goose_db_version (id TEXT)`, "database_foreign", `goose_db_version`},
		"beside": {func(t *testing.T) string { return newOnServer(t).database },
			`CREATE TABLE monitoring (id TEXT)`, "database_foreign", `monitoring`},
		"in place of one": {func(t *testing.T) string { return newOnServer(t).database },
			`DROP TABLE artefacts; CREATE TABLE artefacts (id TEXT)`, "database_foreign", `artefacts`},
		"one that was given away": {func(t *testing.T) string { return newOnServer(t).database },
			`ALTER TABLE artefacts OWNER TO postgres; REVOKE ALL ON artefacts FROM PUBLIC`, "database_foreign", `artefacts`},
		"no right to one of ours": {func(t *testing.T) string { return newOnServer(t).database },
			`REVOKE INSERT ON artefacts FROM cocarde`, "database_denied", `artefacts`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := c.database(t)
			run(t, database, c.statements)
			tells(t, database, c.code, c.table)
			if _, err := store.Migrate(t.Context(), store.Options{Database: database}); fault.Code(err) != c.code {
				t.Errorf("migrate: %v", err)
			}
		})
	}
}

// A schema that lacks a table is refused, and whoever has the database is told which.
func TestMissingTables(t *testing.T) {
	t.Parallel()
	for name, create := range map[string]func(*testing.T) underTest{"SQLite": newFile, "PostgreSQL": newOnServer} {
		for _, table := range []string{"artefacts", "badges", "meta"} {
			t.Run(name+" without "+table, func(t *testing.T) {
				t.Parallel()
				d := create(t)
				s, err := store.Open(t.Context(), store.Options{Database: d.database})
				if err != nil {
					t.Fatal(err)
				}
				drop := `DROP TABLE ` + table
				if store.OnServer(d.database) {
					drop += ` CASCADE`
				} else {
					s.Exec(t, `PRAGMA foreign_keys = 0`)
				}
				s.Exec(t, drop)
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				code, named := "database_corrupt", table
				if table == "meta" && store.OnServer(d.database) { // nothing says that the rest is ours
					code, named = "database_foreign", "apps"
				}
				tells(t, d.database, code, named)
				if _, err := store.Migrate(t.Context(), store.Options{Database: d.database}); fault.Code(err) != code {
					t.Errorf("migrate: %v", err)
				}
			})
		}
	}
	t.Run("PostgreSQL without goose's", func(t *testing.T) {
		t.Parallel()
		database := newOnServer(t).database
		run(t, database, `DROP TABLE goose_db_version`)
		tells(t, database, "database_corrupt", "goose_db_version")
	})
}

// A database that takes no writes may be opened, for a backup; who must write asks first.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	database := newOnServer(t).database
	s := (underTest{database}).open(t)
	if err := s.Writable(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, database, `ALTER DATABASE `+nameOf(t, database)+` SET default_transaction_read_only = on`)
	s = (underTest{database}).open(t)
	if err := s.Writable(t.Context()); fault.Code(err) != "database_read_only" {
		t.Errorf("got %v", err)
	}
	empty := emptyOnServer(t)
	run(t, empty, `ALTER DATABASE `+nameOf(t, empty)+` SET default_transaction_read_only = on`)
	if _, err := store.Migrate(t.Context(), store.Options{Database: empty}); fault.Code(err) != "database_read_only" {
		t.Errorf("migrate: %v", err)
	}
	if err := newFile(t).open(t).Writable(t.Context()); err != nil {
		t.Error(err)
	}
}

// A standby is no primary; where any server will do, it takes no writes.
func TestPostgresStandby(t *testing.T) {
	t.Parallel()
	server := postgres.New(t)
	database, err := server.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Migrate(t.Context(), store.Options{Database: database}); err != nil {
		t.Fatal(err)
	}
	if err := server.BeStandby(); err != nil {
		t.Fatal(err)
	}
	tells(t, database, "database_read_only", "standby")
	tells(t, altered(t, database, func(u *url.URL) { u.Host += ",127.0.0.1:1" }), "database_unreachable", "127.0.0.1:1")
	s := (underTest{setting(t, database, "target_session_attrs", "any")}).open(t)
	if err := s.Writable(t.Context()); fault.Code(err) != "database_read_only" {
		t.Errorf("got %v", err)
	}
}
