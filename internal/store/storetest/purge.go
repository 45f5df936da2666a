package storetest

import (
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fediverse"
	"cocarde.example/internal/retention"
	"cocarde.example/verify"
)

// purgeAt purges what is due, which is no more than one batch.
func purgeAt(t *testing.T, s Store, at time.Time) {
	t.Helper()
	more, err := s.Purge(t.Context(), at, retention.Mailbox)
	must(t, err)
	same(t, more, false)
}

// purge: what has come to its end goes, at that moment and not before.
func purge(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	r := proven(t, s, 1)
	i := issued(t, s, r)
	begun(t, s, 2)
	limit := attest.Limit{Name: "total", Key: []byte("key"), Window: retention.Request, Max: 3}
	_, _, err := s.Count(ctx, now, limit)
	must(t, err)
	ends := now.Add(retention.Request)
	must(t, s.StopMail(ctx, []byte("key"), ends))
	single := fediverse.App{Host: "social.example one", ClientSecret: []byte("sealed"), EndsAt: ends}
	must(t, s.SaveApp(ctx, single))

	purgeAt(t, s, ends.Add(-time.Microsecond))
	_, err = s.Request(ctx, r.ID)
	must(t, err)
	stopped, err := s.MailStopped(ctx, []byte("key"), now)
	must(t, err)
	got, ok, err := s.App(ctx, single.Host)
	must(t, err)
	same(t, stopped && ok, true)
	same(t, got, single)
	count, err := s.Counted(ctx, now, limit) // its window began before it was counted
	must(t, err)
	same(t, count, 0)

	purgeAt(t, s, ends)
	_, err = s.Request(ctx, r.ID)
	want(t, err, attest.ErrNotFound)
	_, _, err = s.TakeSignIn(ctx, signIn(2).StateHash)
	want(t, err, attest.ErrNotFound)
	stopped, err = s.MailStopped(ctx, []byte("key"), now)
	must(t, err)
	_, ok, err = s.App(ctx, single.Host)
	must(t, err)
	same(t, stopped || ok, false)
	p, err := s.Badge(ctx, i.Badge.ID)
	must(t, err)
	same(t, p, published(i))
	want(t, s.Issue(ctx, issuance(proven(t, s, 3), i.Attestation.List, i.Attestation.Index)), attest.ErrIndexTaken)
}

// purgeInBatches: a purge after a long pause leaves the database to others in
// between, and comes to its end.
func purgeInBatches(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	var limits []attest.Limit
	for n := range 2500 {
		limits = append(limits, attest.Limit{Name: "client", Key: hash("client %d", n), Window: time.Hour, Max: 9})
	}
	_, _, err := s.Count(ctx, now, limits...)
	must(t, err)
	live := limits[0]
	live.Window = retention.Window
	_, _, err = s.Count(ctx, now, live)
	must(t, err)
	left := len(limits)
	for calls := 1; ; calls++ {
		more, err := s.Purge(ctx, now.Add(time.Hour), retention.Mailbox)
		must(t, err)
		var kept int
		for _, l := range limits {
			n, err := s.Counted(ctx, now, l)
			must(t, err)
			kept += n
		}
		if !more {
			same(t, kept, 0)
			break
		}
		if kept >= left || left-kept > 1000 || calls > len(limits) {
			t.Fatalf("call %d left %d of %d", calls, kept, left)
		}
		left = kept
	}
	n, err := s.Counted(ctx, now, live)
	must(t, err)
	same(t, n, 1)
}

// purgeMailboxes: a badge that ended long enough ago keeps all but its mailbox,
// however it ended.
func purgeMailboxes(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	expired, revoked, suspended := issued(t, s, proven(t, s, 1)), issued(t, s, proven(t, s, 2)), issued(t, s, proven(t, s, 3))
	revokedAt := now.Add(time.Hour)
	for _, c := range []attest.StatusChange{
		{BadgeID: revoked.Badge.ID, To: verify.Revoked, At: revokedAt, Reason: attest.Other},
		{BadgeID: suspended.Badge.ID, To: verify.Suspended, At: revokedAt, Reason: attest.Other},
	} {
		_, err := s.ChangeStatus(ctx, c)
		must(t, err)
	}
	wantMailbox := func(i attest.Issuance, kept bool) {
		t.Helper()
		p, err := s.Badge(ctx, i.Badge.ID)
		must(t, err)
		whole := published(i)
		whole.Badge.Status, whole.Badge.ChangedAt = p.Badge.Status, p.Badge.ChangedAt
		if !kept {
			whole.Badge.Mailbox, whole.Badge.MailboxKey = nil, nil
		}
		same(t, p, whole)
	}
	purgeAt(t, s, revokedAt.Add(retention.Mailbox-time.Microsecond))
	wantMailbox(revoked, true)
	purgeAt(t, s, revokedAt.Add(retention.Mailbox))
	wantMailbox(revoked, false)
	wantMailbox(expired, true)
	wantMailbox(suspended, true)
	_, err := s.BadgeOfMailbox(ctx, expired.Badge.MailboxKey, now)
	must(t, err)

	end := now.Add(validity + retention.Mailbox)
	purgeAt(t, s, end.Add(-time.Microsecond))
	wantMailbox(expired, true)
	wantMailbox(suspended, true)
	for range 2 { // a second time there is nothing to erase
		purgeAt(t, s, end)
		for _, i := range []attest.Issuance{revoked, expired, suspended} {
			wantMailbox(i, false)
		}
	}
	_, err = s.BadgeOfMailbox(ctx, expired.Badge.MailboxKey, now)
	want(t, err, attest.ErrNotFound)
	_, err = s.BadgeOfMailbox(ctx, nil, now)
	want(t, err, attest.ErrNotFound)
	p, err := s.BadgeOfHandle(ctx, expired.Badge.Actor.Handle)
	must(t, err)
	same(t, p.Badge.ID, expired.Badge.ID)
	entries, err := s.NotValid(ctx, 1)
	must(t, err)
	same(t, len(entries), 2)
	issued(t, s, provenFor(t, s, 4, expired.Badge.Actor, expired.Badge.MailboxKey)) // nothing stands in its way
}
