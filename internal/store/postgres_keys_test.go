package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cocarde.example/internal/keyring"
	"cocarde.example/internal/store/storetest"
)

// A revocation waits for an issuance that has begun, and so sees what it issued. The
// issuance is held up by somebody who is about to take its index.
func TestPostgresRevocationWaitsForIssuances(t *testing.T) {
	t.Parallel()
	d := newOnServer(t)
	ctx := t.Context()
	issue, revoke := storetest.IssuanceAndRevocation(t, d.open(t))
	connect := func() *pgx.Conn {
		conn, err := pgx.Connect(ctx, strings.ReplaceAll(d.database, "pool_max_conns", "application_name"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(ctx)) })
		return conn
	}
	look := connect() // in a transaction it would see the same each time
	tx, err := connect().Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO status_entries (list, idx, status) VALUES (1, 5, 0)`); err != nil {
		t.Fatal(err)
	}
	waiting := func(n int) {
		t.Helper()
		for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
			var found int
			err := look.QueryRow(ctx, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&found)
			if err != nil || time.Since(began) > 4*time.Second { // less than what a statement waits for a lock
				t.Fatalf("%d wait, want %d: %v", found, n, err)
			}
			if found == n {
				return
			}
		}
	}
	issued, revoked := make(chan error, 1), make(chan error, 1)
	s := d.open(t)
	go func() { issued <- issue(s) }()
	waiting(1)
	var seen []keyring.Signed
	go func() {
		err := revoke(s)
		if err == nil {
			seen, err = s.SignedBy(ctx, "kid", keyring.Mark{}, 10)
		}
		revoked <- err
	}()
	waiting(2)
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	for _, done := range []chan error{issued, revoked} {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 1 {
		t.Errorf("the revocation has seen %d attestations, want 1", len(seen))
	}
}
