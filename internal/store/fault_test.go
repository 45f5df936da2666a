package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
)

func unavailable(t *testing.T, err error, code string) {
	t.Helper()
	f, ok := fault.Of(err)
	if !ok || f.Code != code || f.Kind != fault.Unavailable || f.RetryAfter == 0 {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// A full disk refuses, keeps nothing by halves, and does no harm to what stands.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := newFile(t).open(t)
	body := make([]byte, 20000)
	count := func() int64 {
		return s.Int(t, `SELECT (SELECT COUNT(*) FROM artefacts) + (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM meta) + (SELECT COUNT(*) FROM data_keys)`)
	}
	s.Exec(t, `PRAGMA max_page_count = 1`) // the least that SQLite takes is what there is
	entry := attest.OutboxEntry{Kind: attest.OutboxMail, Body: body, NotBefore: time.Unix(1, 0)}
	unavailable(t, s.AddOutbox(t.Context(), entry), "storage_full")
	id := store.Identity{Origin: "https://cocarde.example.org", ActorKey: []byte("key"),
		WrappedKeys: map[string][]byte{"a": []byte("small"), "b": body}}
	unavailable(t, s.FoundIssuer(t.Context(), id, nil), "storage_full")
	if n := count(); n != 0 {
		t.Fatalf("%d rows were kept", n)
	}
	if _, ok, err := s.Identity(t.Context()); ok || err != nil {
		t.Fatalf("reading: %v, %v", ok, err)
	}
	s.Exec(t, `PRAGMA max_page_count = 1000000`)
	if err := s.FoundIssuer(t.Context(), id, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.AddOutbox(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 4 {
		t.Fatalf("%d rows, want 4", n)
	}
}

func TestWriteProtected(t *testing.T) {
	t.Parallel()
	s := newFile(t).open(t)
	s.Exec(t, `PRAGMA query_only = 1`)
	unavailable(t, s.StopMail(t.Context(), []byte("key"), time.Unix(1, 0)), "storage_unavailable")
	s.Exec(t, `PRAGMA query_only = 0`)
	if err := s.StopMail(t.Context(), []byte("key"), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
}

// Another process that keeps its transaction open makes writers wait, for a
// bounded time and no longer than their callers do, and keeps no reader.
func TestBusy(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	other, err := store.OpenImpatient(t.Context(), f.database, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	impatient, err := store.OpenImpatient(t.Context(), f.database, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = impatient.Close() })
	patient := f.open(t)

	other.Exec(t, `BEGIN IMMEDIATE`)
	unavailable(t, impatient.StopMail(t.Context(), []byte("key"), time.Unix(2, 0)), "storage_busy")
	if stopped, err := impatient.MailStopped(t.Context(), []byte("key"), time.Unix(1, 0)); stopped || err != nil {
		t.Fatalf("reading: %v, %v", stopped, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := patient.StopMail(ctx, []byte("key"), time.Unix(2, 0)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the context's error", err)
	}
	if waited := time.Since(start); waited > 2*time.Second {
		t.Fatalf("waited %v past the caller's deadline", waited)
	}
	other.Exec(t, `ROLLBACK`)
	for _, s := range []*store.Store{impatient, patient} {
		if stopped, err := s.MailStopped(t.Context(), []byte("key"), time.Unix(1, 0)); stopped || err != nil {
			t.Fatalf("a failed call was kept: %v, %v", stopped, err)
		}
		if err := s.StopMail(t.Context(), []byte("key"), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
}
