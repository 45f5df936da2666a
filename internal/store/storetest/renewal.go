package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/retention"
	"cocarde.example/verify"
)

// later is a moment before the first attestation ends, at which it is renewed.
var later = now.Add(170 * 24 * time.Hour)

// renewing keeps a request to renew a badge, both proofs of which stand.
func renewing(t *testing.T, s Store, n int, of attest.Badge, at time.Time) attest.Request {
	t.Helper()
	r, in := request(t, n)
	r.Purpose, r.BadgeID, r.Actor, r.MailboxKey = attest.ForRenewal, of.ID, of.Actor, of.MailboxKey
	r.CreatedAt, r.ExpiresAt = at, at.Add(retention.Request)
	must(t, s.AddRequest(t.Context(), r, &in))
	must(t, s.ProveAccount(t.Context(), r.ID, at, code(n), nil))
	must(t, s.ProveMailbox(t.Context(), r.ID, code(n).Hash, at))
	return r
}

// renewal is what ends such a request.
func renewal(t *testing.T, s Store, r attest.Request, at time.Time) attest.Issuance {
	t.Helper()
	list, index, err := s.FreeIndex(t.Context())
	must(t, err)
	i := issuance(r, list, index)
	i.Badge.CreatedAt, i.Badge.ChangedAt, i.Badge.MailboxProofAt, i.Event.At = at, at, at.Add(-time.Microsecond), at
	i.Attestation.IssuedAt, i.Attestation.ExpiresAt = at.Truncate(time.Hour), at.Add(validity)
	i.ReplacedMail = nil
	return i
}

func statusOf(t *testing.T, s Store, a attest.Attestation) verify.Status {
	t.Helper()
	all, err := s.NotValid(t.Context(), a.List)
	must(t, err)
	for _, e := range all {
		if e.Index == a.Index {
			return e.Status
		}
	}
	return verify.Valid
}

func renewRoundTrip(t *testing.T, db Database) {
	s := db.Open(t)
	first := issued(t, s, proven(t, s, 1))
	r := renewing(t, s, 2, first.Badge, later)
	second := renewal(t, s, r, later)
	second.Badge.Lang, second.Badge.Agency.Name = "en", "Another name"
	must(t, s.Renew(t.Context(), second))
	want(t, s.Renew(t.Context(), second), attest.ErrState)

	got, err := s.Badge(t.Context(), first.Badge.ID)
	must(t, err)
	wanted := published(second)
	wanted.Badge.CreatedAt, wanted.Badge.ChangedAt = now, now // it goes on
	same(t, got, wanted)
	all, err := s.AttestationsUnder(t.Context(), first.Badge.ID)
	must(t, err)
	if len(all) != 2 || all[0].Attestation.JTI != first.Attestation.JTI || all[1].Attestation.JTI != second.Attestation.JTI {
		t.Fatalf("got %+v", all)
	}
	r, err = s.Request(t.Context(), r.ID)
	must(t, err)
	if r.State != attest.Issued || r.JTI != second.Attestation.JTI || r.Purpose != attest.ForRenewal {
		t.Errorf("got %+v", r)
	}
	must(t, s.NumberEvents(t.Context()))
	if _, err := s.ChangeStatus(t.Context(), attest.StatusChange{BadgeID: r.BadgeID, To: verify.Revoked, At: later, By: "agent", Mail: mail(9)}); err != nil {
		t.Fatal(err)
	}
	for _, i := range []attest.Issuance{first, second} {
		if got := statusOf(t, s, i.Attestation); got != verify.Revoked {
			t.Errorf("%s is %v", i.Attestation.JTI, got)
		}
	}
	if n := len(due(t, s)); n != 3 { // two of issuing, one of revoking
		t.Errorf("%d mails", n)
	}
}

// renewKeepsTheLastProof: of two renewals, the one that was proven first may be issued last.
func renewKeepsTheLastProof(t *testing.T, db Database) {
	s := db.Open(t)
	badge := issued(t, s, proven(t, s, 1)).Badge
	early, late := renewing(t, s, 2, badge, later), renewing(t, s, 3, badge, later)
	for n, r := range []attest.Request{late, early} {
		i := renewal(t, s, r, later)
		i.Badge.MailboxProofAt = later.Add(-time.Duration(n) * time.Hour)
		must(t, s.Renew(t.Context(), i))
		p, err := s.Badge(t.Context(), badge.ID)
		must(t, err)
		same(t, p.Badge.MailboxProofAt, later)
	}
}

// renewRefusals: nothing is written where a badge cannot be renewed.
func renewRefusals(t *testing.T, db Database) {
	s := db.Open(t)
	badge := issued(t, s, proven(t, s, 1)).Badge
	r := renewing(t, s, 2, badge, later)
	refused := func(reason error) {
		t.Helper()
		i := renewal(t, s, r, later)
		want(t, s.Renew(t.Context(), i), reason)
		if taken, err := s.Taken(t.Context(), i.Attestation.List, i.Attestation.Index); err != nil || taken {
			t.Errorf("an index was taken: %v", err)
		}
		if got, err := s.Request(t.Context(), r.ID); err != nil || got.State != attest.Proven {
			t.Errorf("the request is %v, %v", got.State, err)
		}
	}
	want(t, s.Issue(t.Context(), renewal(t, s, r, later)), attest.ErrState) // it issues no badge
	change := attest.StatusChange{BadgeID: badge.ID, To: verify.Suspended, At: now, By: "operator", Reason: attest.Other}
	_, err := s.ChangeStatus(t.Context(), change)
	must(t, err)
	refused(attest.ErrSuspended)
	change.To = verify.Revoked
	_, err = s.ChangeStatus(t.Context(), change)
	must(t, err)
	refused(attest.ErrRevoked)
	late := renewing(t, s, 3, badge, later)
	i := renewal(t, s, late, late.ExpiresAt)
	want(t, s.Renew(t.Context(), i), attest.ErrState)
	must(t, s.Erase(t.Context(), badge.ID, later))
	want(t, s.Renew(t.Context(), i), attest.ErrNotFound) // the request is gone too
	_, in := request(t, 4)
	late.ID = "another00000"
	want(t, s.AddRequest(t.Context(), late, &in), attest.ErrNotFound)
	want(t, s.AddAccess(t.Context(), late, mail(1)), attest.ErrNotFound)
}

// renewEnded: an ended badge takes back what it held, unless another has it.
func renewEnded(t *testing.T, db Database) {
	s := db.Open(t)
	ended := now.Add(validity + time.Hour)
	for n, c := range map[int]struct {
		actor, mailbox bool // that another badge has by now
		want           error
	}{10: {}, 20: {actor: true, want: attest.ErrAccountTaken}, 30: {mailbox: true, want: attest.ErrMailboxTaken}} {
		badge := issued(t, s, proven(t, s, n)).Badge
		a, key := actor(t, n+1), hash("mailbox %d", n+1)
		if c.actor {
			a = badge.Actor
		}
		if c.mailbox {
			key = badge.MailboxKey
		}
		other := provenFor(t, s, n+1, a, key)
		list, index, err := s.FreeIndex(t.Context())
		must(t, err)
		i := issuance(other, list, index)
		i.Attestation.ExpiresAt = ended.Add(validity)
		if c.want != nil {
			i.Event.At = now.Add(23 * time.Hour) // while the request holds
			expire(t, s, db, badge.ID)
		}
		must(t, s.Issue(t.Context(), i))
		r := renewing(t, s, n+2, badge, ended)
		want(t, s.Renew(t.Context(), renewal(t, s, r, ended)), c.want)
		if c.want == nil {
			p, err := s.BadgeOfAccount(t.Context(), badge.Actor.ID, ended)
			must(t, err)
			if p.Badge.ID != badge.ID || !p.Badge.ChangedAt.Equal(ended) {
				t.Errorf("got %+v", p.Badge)
			}
		}
	}
}

// expire has a badge end before its time.
func expire(t *testing.T, s Store, db Database, badge string) {
	t.Helper()
	db.Exec(t, `UPDATE badges SET expires_at = `+fmt.Sprint(now.UnixMicro())+` WHERE id = '`+badge+`'`)
}

// raceOfRenewalAndRevocation: whichever comes first, nothing under a revoked badge
// is valid.
func raceOfRenewalAndRevocation(t *testing.T, db Database) {
	s := db.Open(t)
	for n := range racers {
		badge := issued(t, s, proven(t, s, 10*n)).Badge
		r := renewing(t, s, 10*n+1, badge, later)
		i := renewal(t, s, r, later)
		var both sync.WaitGroup
		var renewed, revoked error
		both.Go(func() { renewed = s.Renew(t.Context(), i) })
		both.Go(func() {
			_, revoked = db.Open(t).ChangeStatus(t.Context(), attest.StatusChange{BadgeID: badge.ID, To: verify.Revoked, At: later, By: "operator"})
		})
		both.Wait()
		must(t, revoked)
		if renewed != nil && !errors.Is(renewed, attest.ErrRevoked) {
			t.Fatal(renewed)
		}
		all, err := s.AttestationsUnder(t.Context(), badge.ID)
		must(t, err)
		if wanted := map[bool]int{true: 2, false: 1}[renewed == nil]; len(all) != wanted {
			t.Errorf("%d attestations, want %d", len(all), wanted)
		}
		for _, a := range all {
			if a.Status != verify.Revoked {
				t.Errorf("%s under a revoked badge is %v", a.Attestation.JTI, a.Status)
			}
		}
	}
}

func reminders(t *testing.T, db Database) {
	s := db.Open(t)
	before := []time.Duration{30 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour}
	i := issued(t, s, proven(t, s, 1))
	suspended := issued(t, s, proven(t, s, 2))
	_, err := s.ChangeStatus(t.Context(), attest.StatusChange{BadgeID: suspended.Badge.ID, To: verify.Suspended, At: now, By: "operator"})
	must(t, err)
	wantDue := func(at time.Time, n int) {
		t.Helper()
		due, err := s.DueReminders(t.Context(), at, before, 10)
		must(t, err)
		if len(due) != n || n == 1 && due[0].Badge.ID != i.Badge.ID {
			t.Fatalf("%d are due: %+v", len(due), due)
		}
	}
	end := i.Attestation.ExpiresAt
	for times, left := range before {
		wantDue(end.Add(-left-time.Microsecond), 0)
		wantDue(end.Add(-left), 1)
		mails := len(due(t, s))
		race(t, db, nil, func(s Store, _ int) error { return s.Remind(t.Context(), published(i), times+1, mail(times)) })
		if n := len(due(t, s)) - mails; n != 1 {
			t.Errorf("%d mails for one reminder", n)
		}
		wantDue(end.Add(-left), 0)
	}
	wantDue(end, 0)
	r := renewing(t, s, 3, i.Badge, later)
	renewed := renewal(t, s, r, later)
	must(t, s.Renew(t.Context(), renewed))
	must(t, s.Remind(t.Context(), published(i), 3, mail(1))) // of the former end: nobody is reminded
	wantDue(renewed.Attestation.ExpiresAt.Add(-30*24*time.Hour), 1)
}

func giveKey(t *testing.T, db Database) {
	s := db.Open(t)
	i := issued(t, s, proven(t, s, 1))
	db.Exec(t, `UPDATE badges SET own_key = substr(own_key, 1, 0)`)
	won := 0
	race(t, db, nil, func(s Store, n int) error {
		return s.GiveKey(t.Context(), i.Badge.ID, hash("key %d", n), i.Badge.Mailbox, hash("anew %d", n))
	})
	p, err := s.Badge(t.Context(), i.Badge.ID)
	must(t, err)
	for n := range racers {
		if string(p.Badge.OwnKey) == string(hash("key %d", n)) && string(p.Badge.Mailbox) == string(hash("anew %d", n)) {
			won++
		}
	}
	if won != 1 {
		t.Errorf("key and mailbox are of %d of those that gave them: %q, %q", won, p.Badge.OwnKey, p.Badge.Mailbox)
	}
}

// fillRenewal has a badge renewed, and another erased.
func fillRenewal(t *testing.T, s Store, n int) {
	t.Helper()
	ctx := t.Context()
	first := issued(t, s, proven(t, s, n+30))
	must(t, s.GiveKey(ctx, first.Badge.ID, hash("own %d", n), first.Badge.Mailbox, first.Badge.Mailbox))
	r := renewing(t, s, n+31, first.Badge, now)
	i := renewal(t, s, r, now)
	must(t, s.Renew(ctx, i))
	_, err := s.DueReminders(ctx, now, []time.Duration{time.Hour}, 1)
	must(t, err)
	must(t, s.Remind(ctx, published(i), 1, mail(1)))
	_, err = s.AttestationsUnder(ctx, first.Badge.ID)
	must(t, err)
	_, err = s.ActsOn(ctx, first.Badge.ID)
	must(t, err)
	_, err = s.ProvenAbout(ctx, first.Badge.ID)
	must(t, err)
	a, in := request(t, n+32)
	a.Purpose, a.BadgeID = attest.ForAccess, first.Badge.ID
	must(t, s.AddRequest(ctx, a, &in))
	must(t, s.ProveAccess(ctx, a.ID, now))
	a.ID = "access of " + a.ID
	must(t, s.AddAccess(ctx, a, mail(2)))
	erased := issued(t, s, proven(t, s, n+33))
	must(t, s.Erase(ctx, erased.Badge.ID, now))
	ended := issued(t, s, proven(t, s, n+34))
	_, err = s.ChangeStatus(ctx, attest.StatusChange{BadgeID: ended.Badge.ID, To: verify.Revoked, At: now, By: "operator"})
	must(t, err)
}
