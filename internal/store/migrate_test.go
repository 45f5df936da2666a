package store_test

import (
	"testing"
	"time"

	"cocarde.example/internal/store"
	"cocarde.example/internal/store/storetest"
)

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
