package storetest

import (
	"errors"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// raceOfErasures: of renewals, erasures and requests at once nothing is left that
// names anybody.
func raceOfErasures(t *testing.T, db Database) {
	s := db.Open(t)
	badge := issued(t, s, proven(t, s, 71)).Badge
	i := renewal(t, s, renewing(t, s, 2, badge, later), later)
	race(t, db, attest.ErrNotFound, func(s Store, n int) error {
		switch n % 3 {
		case 0:
			if err := s.Renew(t.Context(), i); !errors.Is(err, attest.ErrState) { // another of these came first
				return err
			}
			return nil
		case 1:
			return s.Erase(t.Context(), badge.ID, later)
		}
		r, in := request(t, 100+n)
		r.Purpose, r.BadgeID, r.Actor = attest.ForAccess, badge.ID, badge.Actor
		return s.AddRequest(t.Context(), r, &in)
	})
	wantErased(t, s, db, badge)
}

func wantErased(t *testing.T, s Store, db Database, badge attest.Badge) {
	t.Helper()
	_, err := s.Badge(t.Context(), badge.ID)
	want(t, err, attest.ErrNotFound)
	if all, err := s.ProvenAbout(t.Context(), badge.ID); err != nil || len(all) != 0 {
		t.Errorf("requests are left: %v %v", all, err)
	}
	all, err := s.AttestationsUnder(t.Context(), badge.ID)
	must(t, err)
	for _, a := range all {
		if a.Status != verify.Revoked {
			t.Errorf("%+v is not revoked", a)
		}
	}
	for _, hidden := range []string{badge.Actor.ID, badge.Actor.URL, badge.Actor.Handle.String(), string(badge.Mailbox), string(badge.MailboxKey),
		string(badge.OwnKey), string(badge.AccountVRF)} {
		for _, where := range db.Find(t, hidden) {
			t.Errorf("%q is left in %s", hidden, where)
		}
	}
}

func erase(t *testing.T, db Database) {
	s := db.Open(t)
	first := issued(t, s, proven(t, s, 71))
	change := attest.StatusChange{BadgeID: first.Badge.ID, To: verify.Suspended, At: now, By: "operator", Reason: attest.Other, Note: []byte("a sealed note")}
	_, err := s.ChangeStatus(t.Context(), change)
	must(t, err)
	change.To = verify.Valid
	_, err = s.ChangeStatus(t.Context(), change)
	must(t, err)
	renewing(t, s, 2, first.Badge, later)
	unfinished := mailed(t, s, 74)
	for n, end := range []attest.State{attest.AwaitingAccountProof, attest.Withdrawn} {
		r, in := request(t, 75+n)
		r.Actor = first.Badge.Actor
		must(t, s.AddRequest(t.Context(), r, &in))
		if end != r.State {
			must(t, s.EndRequest(t.Context(), r.ID, end))
		}
		code := *mail(8)
		code.RequestID, code.Body = r.ID, []byte("a code for it")
		must(t, s.AddOutbox(t.Context(), code))
	}
	e := *mail(7)
	e.BadgeID, e.Body = first.Badge.ID, []byte("a mail about it")
	must(t, s.AddOutbox(t.Context(), e))

	ended := first.Attestation.ExpiresAt.Add(time.Hour) // its attestation too
	must(t, s.Erase(t.Context(), first.Badge.ID, ended))
	want(t, s.Erase(t.Context(), first.Badge.ID, ended), attest.ErrNotFound)
	_, err = s.ChangeStatus(t.Context(), change)
	want(t, err, attest.ErrNotFound)
	wantErased(t, s, db, first.Badge)
	for _, gone := range []string{"a sealed note", "a mail about it", "a code for it"} {
		if where := db.Find(t, gone); len(where) != 0 {
			t.Errorf("%q is left in %v", gone, where)
		}
	}
	kept, err := s.Request(t.Context(), unfinished.ID) // another account's
	must(t, err)
	if kept.State != attest.AwaitingMailboxProof {
		t.Errorf("another account's request is %s", kept.State)
	}
	acts, err := s.ActsOn(t.Context(), first.Badge.ID)
	must(t, err)
	var kinds []attest.EventKind
	for _, a := range acts {
		kinds = append(kinds, a.Kind)
	}
	same(t, kinds, []attest.EventKind{attest.EventSuspended, attest.EventResumed, attest.EventRevoked, attest.EventErased})
	must(t, s.NumberEvents(t.Context()))
	if last, err := s.LastSeq(t.Context()); err != nil || last != 5 { // issued and these
		t.Errorf("%d events are numbered, %v", last, err)
	}
	found, err := s.Badges(t.Context(), attest.BadgeFilter{Limit: 10})
	must(t, err)
	if len(found) != 0 {
		t.Errorf("listed: %+v", found)
	}
	issued(t, s, provenFor(t, s, 3, first.Badge.Actor, first.Badge.MailboxKey)) // both are free
}

func access(t *testing.T, db Database) {
	s := db.Open(t)
	badge := issued(t, s, proven(t, s, 1)).Badge
	byAccount, in := request(t, 2)
	byAccount.Purpose, byAccount.BadgeID, byAccount.Mailbox, byAccount.MailboxKey = attest.ForAccess, badge.ID, nil, nil
	must(t, s.AddRequest(t.Context(), byAccount, &in))
	must(t, s.ProveAccess(t.Context(), byAccount.ID, now))
	want(t, s.ProveAccess(t.Context(), byAccount.ID, now), attest.ErrState)
	_, _, err := s.TakeSignIn(t.Context(), in.StateHash)
	want(t, err, attest.ErrNotFound)

	byMailbox, _ := request(t, 3)
	c := code(3)
	byMailbox.Purpose, byMailbox.BadgeID, byMailbox.Method, byMailbox.SignIns = attest.ForAccess, badge.ID, attest.ByCode, 0
	byMailbox.State, byMailbox.MailboxCode, byMailbox.CodesSent = attest.AwaitingMailboxProof, &c, 1
	must(t, s.AddAccess(t.Context(), byMailbox, mail(3)))
	got, err := s.Request(t.Context(), byMailbox.ID)
	must(t, err)
	same(t, got, byMailbox)
	must(t, s.ProveMailbox(t.Context(), byMailbox.ID, c.Hash, now))
	all, err := s.ProvenAbout(t.Context(), badge.ID)
	must(t, err)
	if len(all) != 3 { // and the one that it was issued for
		t.Errorf("%d requests are proven", len(all))
	}
	_, err = s.Reserved(t.Context(), badge.ID)
	want(t, err, attest.ErrNotFound)
	issue, in := request(t, 4)
	must(t, s.AddRequest(t.Context(), issue, &in))
	want(t, s.ProveAccess(t.Context(), issue.ID, now), attest.ErrState)
}

// replayErases loses a database after a backup: who was erased since stays so, and
// the index of a renewal is given to nobody.
func replayErases(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	kept := newRecord(t)
	s.RecordTo(kept)
	first := founder(1)
	must(t, s.FoundIssuer(ctx, first, []attest.Event{{Kind: attest.EventKeyAnnounced, At: now, By: "cocarde", KID: first.SigningKeys[0].KID}}))
	erased, renewed := issued(t, s, proven(t, s, 71)), issued(t, s, proven(t, s, 72))
	must(t, s.NumberEvents(ctx))
	b, id := backedUp(t, s)

	list, reserved, err := s.FreeIndices(ctx, 1)
	must(t, err)
	must(t, kept.Reserve(0, list, reserved))
	again := renewal(t, s, renewing(t, s, 73, renewed.Badge, now), now)
	again.Attestation.List, again.Attestation.Index, again.Event.List, again.Event.Index = list, reserved[0], list, reserved[0]
	must(t, s.Renew(ctx, again))
	must(t, s.Erase(ctx, erased.Badge.ID, now))
	must(t, s.NumberEvents(ctx))

	r := restored(t, db, b, id)
	_, err = r.Badge(ctx, erased.Badge.ID)
	must(t, err)
	after, err := r.LastSeq(ctx)
	must(t, err)
	reading, err := kept.Read(after)
	must(t, err)
	_, err = r.Replay(ctx, reading)
	must(t, err)
	_, err = r.Badge(ctx, erased.Badge.ID)
	want(t, err, attest.ErrNotFound)
	p, err := r.Badge(ctx, renewed.Badge.ID)
	must(t, err)
	same(t, p.Attestation, renewed.Attestation)
	for a, status := range map[attest.Attestation]verify.Status{
		erased.Attestation: verify.Revoked, renewed.Attestation: verify.Valid, again.Attestation: verify.Revoked,
	} {
		if got := statusOf(t, r, a); got != status {
			t.Errorf("%s is %v, want %v", a.JTI, got, status)
		}
	}
	if all, err := r.ProvenAbout(ctx, erased.Badge.ID); err != nil || len(all) != 0 {
		t.Errorf("requests are left: %v, %v", all, err)
	}
}
