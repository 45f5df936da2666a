package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/internal/store/storetest"
	"cocarde.example/test/postgres"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// aloneWith runs an act alone, and wants it to be run.
func aloneWith(t *testing.T, database string, act func(context.Context, store.Options) error) {
	t.Helper()
	acted := false
	err := store.Alone(t.Context(), store.Options{Database: database}, func(ctx context.Context, o store.Options) error {
		acted = true
		return act(ctx, o)
	})
	if err != nil || !acted {
		t.Fatalf("acted: %v, %v", acted, err)
	}
}

func TestPostgresAlone(t *testing.T) {
	t.Parallel()
	d := newOnServer(t)
	o := store.Options{Database: d.database}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	refused := store.Alone(t.Context(), o, func(context.Context, store.Options) error {
		t.Error("two have the database, each alone")
		return nil
	})
	wantCode(t, refused, "database_in_use")
	if _, err := s.Lists(t.Context()); err != nil {
		t.Errorf("whoever has it is disturbed: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	failed := errors.New("failed")
	if err := store.Alone(t.Context(), o, func(context.Context, store.Options) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("got %v, want %v", err, failed)
	}
	aloneWith(t, d.database, func(ctx context.Context, own store.Options) error {
		_, err := store.Open(ctx, o)
		wantCode(t, err, "storage_recovering")
		_, err = store.Migrate(ctx, o)
		wantCode(t, err, "storage_recovering")
		wantCode(t, store.Alone(ctx, o, func(context.Context, store.Options) error { return nil }), "database_in_use")
		s, err := store.Open(ctx, own)
		if err != nil {
			return err
		}
		storetest.Fill(t, s)
		return s.Close()
	})
	d.open(t) // at once
}

// Whoever is alone without knowing any more whether that holds stops.
func TestPostgresAloneLost(t *testing.T) {
	t.Parallel()
	d := newOnServer(t)
	err := store.Alone(t.Context(), store.Options{Database: d.database}, func(ctx context.Context, _ store.Options) error {
		run(t, d.database, postgres.EndHolders("ExclusiveLock"))
		<-ctx.Done()
		return ctx.Err()
	})
	wantCode(t, err, "database_alone_lost")
	d.open(t)
}

// A server whose connections were all lost, and which comes back to a database that
// somebody has alone by then, is refused and told so.
func TestPostgresRefused(t *testing.T) {
	t.Parallel()
	d := newOnServer(t)
	told := make(chan struct{}, 100)
	s, err := store.Open(t.Context(), store.Options{Database: d.database, Refused: func() { told <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	run(t, d.database, postgres.EndHolders("ShareLock"))
	aloneWith(t, d.database, func(ctx context.Context, _ store.Options) error {
		var read, wrote error
		for range 20 { // more than it has connections: each is found lost when it is used
			_, read = s.Lists(ctx)
			wrote = s.StopMail(ctx, []byte("key"), time.Unix(2, 0))
		}
		wantCode(t, read, "storage_recovering")
		wantCode(t, wrote, "storage_recovering")
		if len(told) == 0 {
			t.Error("it is not told")
		}
		return nil
	})
	if _, err := s.Lists(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
