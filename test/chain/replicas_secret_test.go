package chain

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"cocarde.example/internal/fault"
	"cocarde.example/test/postgres"
)

// alone starts a server of an issuer and ends it again; its files are in a
// directory of its own, and its secret with them.
func alone(t *testing.T, database, dir string) error {
	t.Helper()
	a, err := newApp(t, dir, func(s *setup) { s.environ = append(s.environ, "COCARDE_DATABASE="+fewer(database)) })
	if err != nil {
		return err
	}
	return a.Close()
}

// rows counts what stands in every table that a foundation writes.
func rows(t *testing.T, c *server) (n int) {
	t.Helper()
	for _, table := range []string{"meta", "data_keys", "signing_keys", "events", "status_lists", "leases", "artefacts"} {
		n += c.number(t, `SELECT count(*) FROM `+table)
	}
	return n
}

// A server that does not have the issuer's secret is told so, and changes nothing.
func TestAReplicaWithoutTheSecretTouchesNothing(t *testing.T) {
	t.Parallel()
	database, err := postgres.Shared(t).NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	migrated(t, database)
	if err := alone(t, database, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	look := &server{}
	look.config.Database = database
	before := rows(t, look)
	for name, put := range map[string]func(path string) error{
		"none":      func(string) error { return nil },
		"another's": func(path string) error { return os.Rename(foundedSecret(t), path) },
	} {
		dir := t.TempDir()
		secret := filepath.Join(dir, "secret")
		if err := put(secret); err != nil {
			t.Fatal(err)
		}
		wantFault(t, alone(t, database, dir), "secret_unusable")
		if _, err := os.Stat(secret); name == "none" && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a secret was made: %v", err)
		}
	}
	if after := rows(t, look); after != before {
		t.Errorf("%d rows where there were %d", after, before)
	}
}

// foundedSecret is the path of another issuer's secret.
func foundedSecret(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	founded(t, dir)
	return filepath.Join(dir, "secret")
}

// Of servers that start on an empty database each with a place of its own for the
// secret, one founds the issuer, and the others are told what they lack.
func TestReplicasWithoutASharedSecretAreOneIssuer(t *testing.T) {
	t.Parallel()
	database, err := postgres.Shared(t).NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	migrated(t, database)
	dirs := []string{t.TempDir(), t.TempDir(), t.TempDir()}
	errs := make([]error, len(dirs))
	var all sync.WaitGroup
	for n, dir := range dirs {
		all.Go(func() { errs[n] = alone(t, database, dir) })
	}
	all.Wait()
	founder := -1
	for n, err := range errs {
		if err == nil {
			founder = n
		} else if fault.Code(err) != "secret_unusable" {
			t.Errorf("got %v", err)
		}
	}
	if founder < 0 {
		t.Fatal("nobody founded the issuer")
	}
	for n, dir := range dirs { // the same each time, until the founder's secret is put there
		if n == founder {
			continue
		}
		if errs[n] == nil {
			t.Error("two founded an issuer, each under its own secret")
			continue
		}
		wantFault(t, alone(t, database, dir), "secret_unusable")
		secret, err := os.ReadFile(filepath.Join(dirs[founder], "secret"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "secret"), secret, 0o600); err != nil {
			t.Fatal(err)
		}
		// Nor does a server go on without what the others have published.
		wantFault(t, alone(t, database, dir), "record_missing")
		if err := os.Symlink(filepath.Join(dirs[founder], "published"), filepath.Join(dir, "published")); err != nil {
			t.Fatal(err)
		}
		if err := alone(t, database, dir); err != nil {
			t.Error(err)
		}
	}
}

// A database that nobody migrated is not migrated by serve, which says what to do.
func TestServeDoesNotMigrateAServersDatabase(t *testing.T) {
	t.Parallel()
	database, err := postgres.Shared(t).NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	wantFault(t, alone(t, database, dir), "database_outdated")
	if _, err := os.Stat(filepath.Join(dir, "secret")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a secret was made: %v", err)
	}
	look := &server{}
	look.config.Database = database
	if n := look.number(t, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`); n != 0 {
		t.Errorf("%d tables were made", n)
	}
}
