package store_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

// beside opens a connection of another program to a database.
func beside(t *testing.T, database string) *sql.Conn {
	t.Helper()
	database = altered(t, database, func(u *url.URL) { u.RawQuery = strings.ReplaceAll(u.RawQuery, "pool_max_conns", "application_name") })
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(conn.Close(), db.Close()) })
	return conn
}

func execute(t *testing.T, conn *sql.Conn, statements ...string) {
	t.Helper()
	for _, text := range statements {
		if _, err := conn.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// A server that goes away is told as such, at once, and used again when it is
// back, by the same store.
func TestPostgresAway(t *testing.T) {
	t.Parallel()
	server := postgres.New(t)
	database, err := server.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{Database: database, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	key, until := []byte("key"), time.Unix(1000, 0)
	if err := s.StopMail(t.Context(), key, until); err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		unavailable(t, s.StopMail(t.Context(), key, until.Add(time.Hour)), "storage_unavailable")
		_, err := s.MailStopped(t.Context(), key, time.Unix(1, 0))
		unavailable(t, err, "storage_unavailable")
	}
	if err := server.StartAgain(); err != nil {
		t.Fatal(err)
	}
	if stopped, err := s.MailStopped(t.Context(), key, time.Unix(999, 0)); err != nil || !stopped {
		t.Fatalf("what was written before: %v, %v", stopped, err)
	}
	if stopped, err := s.MailStopped(t.Context(), key, time.Unix(2000, 0)); err != nil || stopped {
		t.Fatalf("what was refused: %v, %v", stopped, err)
	}
	if err := s.StopMail(t.Context(), key, until); err != nil {
		t.Fatal(err)
	}
}

// A row that somebody keeps locked is waited for, and no longer than lock_timeout.
func TestPostgresLocked(t *testing.T) {
	t.Parallel()
	database := with(t, newOnServer(t).database, "lock_timeout=50ms")
	s := underTest{database}.open(t)
	if err := s.StopMail(t.Context(), []byte("key"), time.Unix(1000, 0)); err != nil {
		t.Fatal(err)
	}
	other := beside(t, database)
	execute(t, other, `BEGIN`, `SELECT 1 FROM mail_stops FOR UPDATE`)
	unavailable(t, s.StopMail(t.Context(), []byte("key"), time.Unix(2000, 0)), "storage_busy")
	execute(t, other, `ROLLBACK`)
	if err := s.StopMail(t.Context(), []byte("key"), time.Unix(2000, 0)); err != nil {
		t.Fatal(err)
	}
}

// Of two transactions that wait for each other the server ends one; the store
// tries again, and its caller learns nothing of it.
func TestPostgresDeadlock(t *testing.T) {
	t.Parallel()
	database := newOnServer(t).database
	s := underTest{database}.open(t)
	limit := func(key string) attest.Limit {
		return attest.Limit{Name: "test", Key: []byte(key), Max: 100, Window: time.Hour}
	}
	now := time.Unix(1_800_000_000, 0)
	if _, _, err := s.Count(t.Context(), now, limit("a"), limit("b")); err != nil {
		t.Fatal(err)
	}
	other := beside(t, database)
	run(t, database, `GRANT SET ON PARAMETER deadlock_timeout TO cocarde`)
	execute(t, other, `SET deadlock_timeout = '1min'`, `BEGIN`, `UPDATE limits SET count = count WHERE key = 'b'`)
	counted := make(chan error, 1)
	go func() {
		_, _, err := s.Count(context.WithoutCancel(t.Context()), now, limit("a"), limit("b"))
		counted <- err
	}()
	execute(t, other, `UPDATE limits SET count = count WHERE key = 'a'`, `COMMIT`)
	if err := <-counted; err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b"} {
		if n, err := s.Counted(t.Context(), now, limit(key)); err != nil || n != 2 {
			t.Errorf("%s was counted %d times: %v", key, n, err)
		}
	}
}

// A connection that ends during a commit leaves open whether it was done. The
// trigger stands for a server that dies at that moment.
func TestPostgresLostCommit(t *testing.T) {
	t.Parallel()
	database := newOnServer(t).database
	s := underTest{database}.open(t)
	run(t, database, `
		CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
		CREATE CONSTRAINT TRIGGER die AFTER INSERT ON mail_stops DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()`)
	err := s.StopMail(t.Context(), []byte("key"), time.Unix(1000, 0))
	unavailable(t, err, "storage_uncertain")
	if f, _ := fault.Of(err); errors.Unwrap(f) == nil {
		t.Error("the cause is not kept")
	}
}
