package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fediverse"
)

func limitWindows(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	mailbox := attest.Limit{Name: "mailbox", Key: hash("m %d", 1), Window: time.Hour, Max: 2}
	total := attest.Limit{Name: "total", Key: hash("t %d", 1), Window: 24 * time.Hour, Max: 4}
	hour := now.Truncate(time.Hour).Add(time.Hour)
	day := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	for n, c := range []struct {
		at    time.Time
		which *attest.Limit
		until time.Time
	}{
		{now, nil, time.Time{}},
		{now, nil, time.Time{}},
		{now, &mailbox, hour},
		{hour, nil, time.Time{}},                                    // a new hour, the same day
		{hour.Add(time.Hour - 1000), nil, time.Time{}},              // mailbox: the second in this hour
		{hour.Add(time.Hour - 1000), &mailbox, hour.Add(time.Hour)}, // both: the first is named
		{day, nil, time.Time{}},
	} {
		exceeded, until, err := s.Count(ctx, c.at, mailbox, total)
		must(t, err)
		same(t, exceeded, c.which)
		if !until.Equal(c.until) {
			t.Fatalf("count %d: until %v, want %v", n, until, c.until)
		}
	}
	other := mailbox
	other.Key = hash("m %d", 2)
	for _, c := range []struct {
		limit attest.Limit
		at    time.Time
		want  int
	}{{mailbox, now, 3}, {mailbox, hour, 3}, {total, now, 4}, {total, day, 1}, {other, now, 0}} {
		count, err := s.Counted(ctx, c.at, c.limit)
		must(t, err)
		if count != c.want {
			t.Fatalf("%s at %v stands at %d, want %d", c.limit.Name, c.at, count, c.want)
		}
	}
	exceeded, _, err := s.Count(ctx, now)
	if exceeded != nil || err != nil {
		t.Fatalf("no limit: %v, %v", exceeded, err)
	}
}

func raceOfLimits(t *testing.T, db Database) {
	var passed atomic.Int32
	race(t, db, nil, func(s Store, _ int) error {
		exceeded, _, err := s.Count(t.Context(), now, attest.Limit{Name: "total", Key: []byte("key"), Window: time.Hour, Max: 3})
		if exceeded == nil {
			passed.Add(1)
		}
		return err
	})
	if passed.Load() != 3 {
		t.Fatalf("%d passed a limit of 3", passed.Load())
	}
}

func mailStops(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	key := hash("mailbox %d", 1)
	must(t, s.StopMail(ctx, key, now.Add(time.Hour)))
	must(t, s.StopMail(ctx, key, now.Add(time.Minute))) // shortens nothing
	for _, c := range []struct {
		key  []byte
		at   time.Time
		want bool
	}{
		{key, now, true}, {key, now.Add(59 * time.Minute), true}, {key, now.Add(time.Hour), false}, {hash("mailbox %d", 2), now, false},
	} {
		stopped, err := s.MailStopped(ctx, c.key, c.at)
		must(t, err)
		if stopped != c.want {
			t.Fatalf("stopped at %v: %v", c.at, stopped)
		}
	}
}

func outbox(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	for n := range 4 {
		e := mail(n)
		e.NotBefore = now.Add(time.Duration(3-n) * time.Minute)
		if n == 3 {
			e.NotAfter = time.Time{}
		}
		must(t, s.AddOutbox(ctx, *e))
	}
	other := mail(9)
	other.Kind, other.NotBefore = attest.OutboxRevocation, time.Time{}
	must(t, s.AddOutbox(ctx, *other))
	revocations, err := s.DueOutbox(ctx, attest.OutboxRevocation, now.Add(-time.Hour), 10)
	must(t, err)
	if len(revocations) != 1 {
		t.Fatalf("%d revocations are due, want the one", len(revocations))
	}
	bodies := func(at time.Time, limit int) (found [][]byte, ids []int64) {
		entries, err := s.DueOutbox(ctx, attest.OutboxMail, at, limit)
		must(t, err)
		for _, e := range entries {
			found, ids = append(found, e.Body), append(ids, e.ID)
		}
		return found, ids
	}
	found, _ := bodies(now.Add(-time.Second), 10)
	same(t, found, [][]byte(nil))
	found, _ = bodies(now.Add(time.Minute), 10)
	same(t, found, [][]byte{mail(3).Body, mail(2).Body})
	found, ids := bodies(now.Add(time.Hour), 3)
	same(t, found, [][]byte{mail(3).Body, mail(2).Body, mail(1).Body})

	must(t, s.OutboxSent(ctx, ids[0]))
	must(t, s.OutboxSent(ctx, ids[0])) // gone already
	must(t, s.OutboxFailed(ctx, ids[1], now.Add(2*time.Hour), "connection_refused"))
	must(t, s.OutboxGaveUp(ctx, ids[2], "mailbox_refused"))
	found, _ = bodies(now.Add(time.Hour), 10)
	same(t, found, [][]byte{mail(0).Body})
	entries, err := s.DueOutbox(ctx, attest.OutboxMail, now.Add(2*time.Hour), 10)
	must(t, err)
	failed := *mail(2)
	failed.ID, failed.NotBefore, failed.Attempts = ids[1], now.Add(2*time.Hour), 1
	if len(entries) != 2 {
		t.Fatalf("%d entries are due, want 2", len(entries))
	}
	same(t, entries[1], failed)

	// An id is never given twice: whoever comes late deletes nobody else's.
	last := entries[0].ID
	for _, id := range []int64{ids[1], last} {
		must(t, s.OutboxSent(ctx, id))
	}
	must(t, s.AddOutbox(ctx, *mail(9)))
	for _, id := range append(ids, last) {
		must(t, s.OutboxSent(ctx, id))
	}
	found, _ = bodies(now.Add(time.Hour), 10)
	same(t, found, [][]byte{mail(9).Body})
}

// A lease ends by the database's clock: one of no length has ended at once.
func lease(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	take := func(name, holder string, length time.Duration, want bool) {
		t.Helper()
		held, err := s.Lease(ctx, name, holder, length)
		must(t, err)
		same(t, held, want)
	}
	take("jobs", "one", time.Hour, true)
	take("jobs", "two", time.Hour, false)
	take("jobs", "one", time.Hour, true)
	take("other", "two", time.Hour, true)
	take("jobs", "one", 0, true)
	take("jobs", "two", time.Hour, true)
	take("jobs", "one", time.Hour, false)
	must(t, s.ReleaseLease(ctx, "jobs", "one")) // not the holder's
	take("jobs", "one", time.Hour, false)
	must(t, s.ReleaseLease(ctx, "jobs", "two"))
	take("jobs", "one", time.Hour, true)

	take("set back", "one", 2*time.Hour, true) // as if an hour were over, and the clock then set back by it
	take("set back", "two", time.Hour, true)
}

func raceOfLeases(t *testing.T, db Database) {
	var holders atomic.Int32
	race(t, db, nil, func(s Store, n int) error {
		held, err := s.Lease(t.Context(), "jobs", string(rune('a'+n)), time.Hour)
		if held {
			holders.Add(1)
		}
		return err
	})
	if holders.Load() != 1 {
		t.Fatalf("%d hold one lease", holders.Load())
	}
}

func app(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	_, ok, err := s.App(ctx, "social.example")
	if ok || err != nil {
		t.Fatalf("found %v, error %v in an empty database", ok, err)
	}
	a := fediverse.App{
		Host: "social.example", RedirectURI: "https://cocarde.example.org/oauth/callback/x", ClientID: "1", ClientSecret: []byte("sealed"),
		Scope: "profile", Authorize: "https://social.example/a", Token: "https://social.example/t", Revoke: "",
	}
	must(t, s.SaveApp(ctx, a))
	late := a
	late.ClientID, late.Revoke, late.Scope = "2", "https://social.example/r", "read:accounts"
	must(t, s.SaveApp(ctx, late)) // the first one stays
	must(t, s.ForgetApp(ctx, a.Host, "2"))
	got, ok, err := s.App(ctx, a.Host)
	must(t, err)
	same(t, ok, true)
	same(t, got, a)
	must(t, s.ForgetApp(ctx, a.Host, "1"))
	_, ok, err = s.App(ctx, a.Host)
	must(t, err)
	same(t, ok, false)
	must(t, s.SaveApp(ctx, late))
	got, ok, err = s.App(ctx, a.Host)
	must(t, err)
	same(t, ok, true)
	same(t, got, late)
}

// cancelled: a context that has ended gets its own error and writes nothing, one
// that ends meanwhile tells the truth, and the store serves on.
func cancelled(t *testing.T, db Database) {
	s := db.Open(t)
	r := mailed(t, s, 1)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, s.ProveMailbox(ended, r.ID, code(1).Hash, now), context.Canceled)
	_, err := s.Request(ended, r.ID)
	want(t, err, context.Canceled)
	got, err := s.Request(t.Context(), r.ID)
	must(t, err)
	same(t, got.State, attest.AwaitingMailboxProof)

	var counted atomic.Int32
	limit := attest.Limit{Name: "total", Key: []byte("key"), Window: time.Hour, Max: 1 << 30}
	race(t, db, nil, func(s Store, n int) error {
		for wait := range 40 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(wait*100+n*10)*time.Microsecond)
			_, _, err := s.Count(ctx, now, limit)
			if err == nil {
				counted.Add(1)
			} else if !errors.Is(err, context.DeadlineExceeded) {
				cancel()
				return err
			}
			if _, err = s.Request(ctx, r.ID); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				cancel()
				return err
			}
			cancel()
		}
		return nil
	})
	count, err := s.Counted(t.Context(), now, limit)
	must(t, err)
	if count != int(counted.Load()) {
		t.Fatalf("%d were counted, callers were told of %d", count, counted.Load())
	}
	must(t, s.ProveMailbox(t.Context(), r.ID, code(1).Hash, now))
}

// durable: what was written is there for another process, and after closing.
func durable(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	i := issued(t, s, proven(t, s, 1))
	p, err := db.Open(t).Badge(ctx, i.Badge.ID)
	must(t, err)
	same(t, p, published(i))
	must(t, s.Close())
	again := db.Open(t)
	p, err = again.BadgeOfHandle(ctx, i.Badge.Actor.Handle)
	must(t, err)
	same(t, p, published(i))
	entries := due(t, again)
	if len(entries) != 1 || !bytes.Equal(entries[0].Body, i.Mail.Body) {
		t.Fatal("the outbox was lost")
	}
	if _, err := s.Badge(ctx, i.Badge.ID); err == nil {
		t.Fatal("a closed store answered")
	}
}
