package store_test

import (
	"testing"
	"time"

	"cocarde.example/internal/store"
	"cocarde.example/internal/store/storetest"
)

// Another issuer's database keeps its schema, whatever that is.
func TestMigrationOfAnotherIssuer(t *testing.T) {
	t.Parallel()
	for name, empty := range emptyPlaces() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := store.Options{Database: empty(t), Migrate: true, Origin: "https://own.example"}
			former, err := store.OpenPast(t.Context(), o.Database, formerSchema)
			if err != nil {
				t.Fatal(err)
			}
			former.Exec(t, `INSERT INTO meta (id, origin, demo, actor_key) VALUES (1, 'https://other.example', FALSE, $1)`, []byte("key"))
			if err := former.Close(); err != nil {
				t.Fatal(err)
			}
			_, err = store.Open(t.Context(), o)
			wantCode(t, err, "issuer_other")
			o.Migrate = false
			_, err = store.Open(t.Context(), o) // before the schema is spoken of, which its own operator should mend
			wantCode(t, err, "issuer_other")
			if s, err := store.Inspect(t.Context(), o); err != nil || s.Found != formerSchema {
				t.Errorf("%+v, %v", s, err)
			}
			if _, err := store.Migrate(t.Context(), store.Options{Database: o.Database, Origin: "https://other.example"}); err != nil {
				t.Error(err)
			}
		})
	}
}

// A later version's migration finds rows and keeps them; one that fails leaves
// the database as it was, for this version to go on with.
func TestMigrationWithRows(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	s := f.open(t)
	storetest.Fill(t, s)
	badges := s.Int(t, `SELECT COUNT(*) FROM badges WHERE listed`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	// Its second statement fails: the first must not stay.
	_, err := store.OpenFuture(t.Context(), f.database, `-- +goose Up
		ALTER TABLE badges ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';
		INSERT INTO badges (id) VALUES ('nothing else');`)
	if err == nil {
		t.Fatal("a migration that cannot be was done")
	}
	s = f.open(t)
	if n := s.Int(t, `SELECT COUNT(*) FROM pragma_table_info('badges') WHERE name = 'colour'`); n != 0 {
		t.Fatal("half a migration was done")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	later, err := store.OpenFuture(t.Context(), f.database, `-- +goose Up
		ALTER TABLE badges ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';
		UPDATE badges SET colour = 'white' WHERE listed;`)
	if err != nil {
		t.Fatal(err)
	}
	if n := later.Int(t, `SELECT COUNT(*) FROM badges WHERE colour = 'white'`); n != badges || n == 0 {
		t.Fatalf("%d badges of %d were migrated", n, badges)
	}
	if err := later.StopMail(t.Context(), []byte("key"), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := later.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, f.database, "database_newer", true)
}
