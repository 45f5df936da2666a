package storetest

import (
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fediverse"
	"cocarde.example/internal/retention"
	"cocarde.example/internal/statuslist"
	"cocarde.example/verify"
)

// Fill calls every method of a store at least once, so that there are rows in
// every table. It may be called again on the same store.
func Fill(t *testing.T, s Store) {
	t.Helper()
	ctx := t.Context()
	if _, ok, err := s.Identity(ctx); err == nil && !ok {
		must(t, s.FoundIssuer(ctx, founder(1), []attest.Event{{Kind: attest.EventKeyAnnounced, At: now, KID: "kid"}}))
	}

	badges, err := s.Badges(ctx, attest.BadgeFilter{Limit: 1000})
	must(t, err)
	n := 10 * len(badges)
	r := begun(t, s, n+1)
	_, err = s.Reserved(ctx, r.BadgeID)
	must(t, err)
	must(t, s.AddSignIn(ctx, r.ID, signIn(n+2), 5))
	_, _, err = s.TakeSignIn(ctx, signIn(n+2).StateHash)
	must(t, err)
	must(t, s.HoldAccountProof(ctx, r.ID, code(1)))
	_, err = s.TakeAccountTry(ctx, r.ID, 5)
	must(t, err)
	must(t, s.ProveAccount(ctx, r.ID, now, code(1), mail(1)))
	must(t, s.RenewMailboxCode(ctx, r.ID, code(2), mail(2), 5))
	_, err = s.TakeMailboxTry(ctx, r.ID, 5)
	must(t, err)
	must(t, s.EndRequest(ctx, r.ID, attest.Withdrawn))
	begun(t, s, n+3)

	i := issued(t, s, proven(t, s, n+4))
	replaced := issued(t, s, provenFor(t, s, n+5, actor(t, n+5), i.Badge.MailboxKey))
	want(t, s.Issue(ctx, issuance(provenFor(t, s, n+6, replaced.Badge.Actor, hash("mailbox %d", n+6)), 1, 1)), attest.ErrAccountTaken)
	change := attest.StatusChange{BadgeID: replaced.Badge.ID, To: verify.Suspended, At: now, By: "operator", Reason: attest.Other, Note: []byte("*")}
	for range 2 {
		_, err = s.ChangeStatus(ctx, change)
		must(t, err)
	}
	must(t, s.NumberEvents(ctx))
	valid := verify.Valid
	for _, f := range []attest.BadgeFilter{{Handle: i.Badge.Actor.Handle}, {Domain: agency.Domain, Status: &valid, After: "a"}} {
		_, err = s.Badges(ctx, f)
		must(t, err)
	}
	for _, find := range []func() (attest.Published, error){
		func() (attest.Published, error) { return s.Badge(ctx, i.Badge.ID) },
		func() (attest.Published, error) { return s.BadgeOfAccount(ctx, replaced.Badge.Actor.ID, now) },
		func() (attest.Published, error) { return s.BadgeOfMailbox(ctx, replaced.Badge.MailboxKey, now) },
		func() (attest.Published, error) { return s.BadgeOfHandle(ctx, i.Badge.Actor.Handle) },
	} {
		_, err := find()
		must(t, err)
	}

	limit := attest.Limit{Name: "total", Key: []byte("key"), Window: retention.Window, Max: 3}
	_, _, err = s.Count(ctx, now, limit)
	must(t, err)
	_, err = s.Counted(ctx, now, limit)
	must(t, err)
	must(t, s.StopMail(ctx, []byte("key"), now.Add(retention.MailStop)))
	_, err = s.MailStopped(ctx, []byte("key"), now)
	must(t, err)

	must(t, s.AddOutbox(ctx, *mail(3)))
	entries := due(t, s)
	must(t, s.OutboxFailed(ctx, entries[0].ID, now, "refused"))
	must(t, s.OutboxGaveUp(ctx, entries[0].ID, "refused"))
	must(t, s.OutboxSent(ctx, entries[1].ID))
	_, err = s.Lease(ctx, "jobs", "one", time.Minute)
	must(t, err)
	must(t, s.ReleaseLease(ctx, "jobs", "one"))
	_, err = s.Lease(ctx, "jobs", "two", 0)
	must(t, err)
	_, err = s.Purge(ctx, now, retention.Mailbox)
	must(t, err)

	must(t, s.SaveApp(ctx, fediverse.App{Host: "social.example", ClientSecret: []byte("sealed")}))
	must(t, s.SaveApp(ctx, fediverse.App{Host: "social.example one", ClientSecret: []byte("sealed"), EndsAt: now.Add(retention.Token)}))
	_, _, err = s.App(ctx, "social.example")
	must(t, err)
	must(t, s.ForgetApp(ctx, "social.example", "other"))

	fillRenewal(t, s, n)
	fillKeys(t, s, n)
	_, err = s.Lists(ctx)
	must(t, err)
	_, err = s.NotValid(ctx, 1)
	must(t, err)
	seq, err := s.LastSeq(ctx)
	must(t, err)
	_, err = s.StatusChanges(ctx, 0, seq)
	must(t, err)
	must(t, s.SaveArtefact(ctx, statuslist.Artefact{Path: "/status/1", Body: []byte("list"), SignedAt: now, Seq: seq}))
	_, _, err = s.Artefact(ctx, "/status/1")
	must(t, err)
}
