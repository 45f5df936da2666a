package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/statuslist"
	"cocarde.example/verify"
)

func issueRoundTrip(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	r := proven(t, s, 1)
	i := issued(t, s, r)

	got, err := s.Request(ctx, r.ID)
	must(t, err)
	if got.State != attest.Issued || got.JTI != i.Attestation.JTI {
		t.Fatalf("the request is %s with jti %q", got.State, got.JTI)
	}
	p, err := s.Badge(ctx, r.BadgeID)
	must(t, err)
	same(t, p, published(i))
	mails := due(t, s)
	if len(mails) != 1 || string(mails[0].Body) != string(i.Mail.Body) {
		t.Fatalf("%d mails are due, want the one that tells of the badge", len(mails))
	}
	must(t, s.NumberEvents(ctx))
	seq, err := s.LastSeq(ctx)
	must(t, err)
	if seq != 1 {
		t.Fatalf("%d events, want 1", seq)
	}
	want(t, s.Issue(ctx, i), attest.ErrState)
}

func issueAccountTaken(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	first := issued(t, s, proven(t, s, 1))
	second := provenFor(t, s, 2, actor(t, 1), hash("mailbox %d", 2))
	want(t, s.Issue(ctx, issuance(second, 1, first.Attestation.Index+1)), attest.ErrAccountTaken)

	_, err := s.ChangeStatus(ctx, attest.StatusChange{BadgeID: first.Badge.ID, To: verify.Revoked, At: now, By: "operator", Reason: attest.Other})
	must(t, err)
	must(t, s.Issue(ctx, issuance(second, 1, (first.Attestation.Index+1)%statuslist.Size)))
	p, err := s.BadgeOfAccount(ctx, actor(t, 1).ID, now)
	must(t, err)
	same(t, p.Badge.ID, second.BadgeID)
}

func issueMailboxReplaced(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	first := issued(t, s, proven(t, s, 1))
	second := issued(t, s, provenFor(t, s, 2, actor(t, 2), hash("mailbox %d", 1)))

	p, err := s.Badge(ctx, first.Badge.ID)
	must(t, err)
	if p.Badge.Status != verify.Revoked || !p.Badge.ChangedAt.Equal(now) {
		t.Fatalf("the former badge is %v since %v", p.Badge.Status, p.Badge.ChangedAt)
	}
	p, err = s.BadgeOfMailbox(ctx, hash("mailbox %d", 1), now)
	must(t, err)
	same(t, p, published(second))
	if n := len(due(t, s)); n != 3 { // two issued, one replaced
		t.Fatalf("%d mails are due, want 3", n)
	}
	must(t, s.NumberEvents(ctx))
	changes, err := s.StatusChanges(ctx, 0, 3)
	must(t, err)
	same(t, changes, []statuslist.Entry{{List: first.Attestation.List, Index: first.Attestation.Index, Status: verify.Revoked}})
}

func issueExpiredAndSuspended(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	// An expired badge stands in nobody's way, and is not revoked.
	old := issuance(proven(t, s, 1), 1, 1)
	old.Attestation.ExpiresAt = now
	must(t, s.Issue(ctx, old))
	_, err := s.BadgeOfAccount(ctx, actor(t, 1).ID, now)
	want(t, err, attest.ErrNotFound)
	_, err = s.BadgeOfMailbox(ctx, hash("mailbox %d", 1), now)
	want(t, err, attest.ErrNotFound)
	again := issuance(provenFor(t, s, 2, actor(t, 1), hash("mailbox %d", 1)), 1, 2)
	must(t, s.Issue(ctx, again))
	p, err := s.Badge(ctx, old.Badge.ID)
	must(t, err)
	same(t, p.Badge.Status, verify.Valid)
	if n := len(due(t, s)); n != 2 {
		t.Fatalf("%d mails are due, want 2: nothing was replaced", n)
	}

	// A suspended one stands in the way as a valid one does.
	_, err = s.ChangeStatus(ctx, attest.StatusChange{BadgeID: again.Badge.ID, To: verify.Suspended, At: now, Reason: attest.Other})
	must(t, err)
	_, err = s.BadgeOfAccount(ctx, actor(t, 1).ID, now)
	must(t, err)
	third := provenFor(t, s, 3, actor(t, 1), hash("mailbox %d", 3))
	want(t, s.Issue(ctx, issuance(third, 1, 3)), attest.ErrAccountTaken)
	fourth := provenFor(t, s, 4, actor(t, 4), hash("mailbox %d", 1))
	must(t, s.Issue(ctx, issuance(fourth, 1, 4)))
	p, err = s.Badge(ctx, again.Badge.ID)
	must(t, err)
	same(t, p.Badge.Status, verify.Revoked)
}

// issueNothingHalfDone lets an issuance fail at each of its steps.
func issueNothingHalfDone(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	standing := issued(t, s, proven(t, s, 1))
	mails, n := len(due(t, s)), 1000
	for name, spoil := range map[string]func(i *attest.Issuance) error{
		"index taken": func(i *attest.Issuance) error {
			i.Attestation.Index = standing.Attestation.Index
			return attest.ErrIndexTaken
		},
		"account taken": func(i *attest.Issuance) error {
			i.Badge.Actor.ID = standing.Badge.Actor.ID
			return attest.ErrAccountTaken
		},
		"jti taken":     func(i *attest.Issuance) error { i.Attestation.JTI = standing.Attestation.JTI; return nil },
		"badge taken":   func(i *attest.Issuance) error { i.Badge.ID = standing.Badge.ID; return nil },
		"no such list":  func(i *attest.Issuance) error { i.Attestation.List = 99; return nil },
		"no such index": func(i *attest.Issuance) error { i.Attestation.Index = statuslist.Size; return nil },
		"no such badge": func(i *attest.Issuance) error { i.Attestation.BadgeID = "nothing"; return nil },
		"mail without body": func(i *attest.Issuance) error {
			m := *i.Mail
			m.Body = nil
			i.Mail = &m
			return nil
		},
		// The former badge of the mailbox must not be revoked by one that fails.
		"replacing, index taken": func(i *attest.Issuance) error {
			i.Badge.MailboxKey = standing.Badge.MailboxKey
			i.Attestation.Index = standing.Attestation.Index
			return attest.ErrIndexTaken
		},
	} {
		n++
		r := proven(t, s, n)
		i := issuance(r, standing.Attestation.List, (standing.Attestation.Index+1)%statuslist.Size)
		target := spoil(&i)
		err := s.Issue(ctx, i)
		if err == nil || target != nil && !errors.Is(err, target) {
			t.Fatalf("%s: got %v, want %v", name, err, target)
		}
		stored, err := s.Request(ctx, r.ID)
		must(t, err)
		if stored.State != attest.Proven || stored.JTI != "" {
			t.Fatalf("%s: the request is %s", name, stored.State)
		}
		_, err = s.Badge(ctx, r.BadgeID)
		want(t, err, attest.ErrNotFound)
		p, err := s.Badge(ctx, standing.Badge.ID)
		must(t, err)
		same(t, p, published(standing))
		if len(due(t, s)) != mails {
			t.Fatalf("%s: a mail was kept", name)
		}
		must(t, s.NumberEvents(ctx))
		seq, err := s.LastSeq(ctx)
		must(t, err)
		if seq != 1 {
			t.Fatalf("%s: an event was kept", name)
		}
	}
	// The index of the failed ones is still free.
	i := issuance(proven(t, s, 2), standing.Attestation.List, (standing.Attestation.Index+1)%statuslist.Size)
	must(t, s.Issue(ctx, i))
}

func raceForRequest(t *testing.T, db Database) {
	r := proven(t, db.Open(t), 1)
	won := race(t, db, attest.ErrState, func(s Store, n int) error {
		i := issuance(r, 1, int64(n))
		i.Attestation.JTI += string(rune('a' + n))
		return s.Issue(t.Context(), i)
	})
	if won != 1 {
		t.Fatalf("one request was issued %d times", won)
	}
}

func raceForAccount(t *testing.T, db Database) {
	s := db.Open(t)
	var requests []attest.Request
	for n := range racers {
		requests = append(requests, provenFor(t, s, n, actor(t, 1), hash("mailbox %d", n)))
	}
	won := race(t, db, attest.ErrAccountTaken, func(s Store, n int) error {
		return s.Issue(t.Context(), issuance(requests[n], 1, int64(n)))
	})
	if won != 1 {
		t.Fatalf("one account got %d badges", won)
	}
}

func raceForMailbox(t *testing.T, db Database) {
	s := db.Open(t)
	var requests []attest.Request
	for n := range racers {
		requests = append(requests, provenFor(t, s, n, actor(t, n), hash("mailbox %d", 1)))
	}
	won := race(t, db, nil, func(s Store, n int) error {
		return s.Issue(t.Context(), issuance(requests[n], 1, int64(n)))
	})
	valid := verify.Valid
	badges, err := s.Badges(t.Context(), attest.BadgeFilter{Status: &valid, Limit: 100})
	must(t, err)
	entries, err := s.NotValid(t.Context(), 1)
	must(t, err)
	if won != racers || len(badges) != 1 || len(entries) != racers-1 {
		t.Fatalf("%d were issued for one mailbox, %d badges are valid, %d indices are not", won, len(badges), len(entries))
	}
	if n := len(due(t, s)); n != racers+racers-1 {
		t.Fatalf("%d mails are due: each replaced badge is told of once", n)
	}
}

func raceForIndices(t *testing.T, db Database) {
	s := db.Open(t)
	db.ShrinkList(t, 2*racers)
	var requests []attest.Request
	for n := range racers {
		requests = append(requests, proven(t, s, n))
	}
	var mu sync.Mutex
	seen := make(map[int64]bool)
	won := race(t, db, nil, func(s Store, n int) error {
		for {
			list, index, err := s.FreeIndex(t.Context())
			if err != nil {
				return err
			}
			err = s.Issue(t.Context(), issuance(requests[n], list, index))
			if errors.Is(err, attest.ErrIndexTaken) {
				continue
			}
			mu.Lock()
			defer mu.Unlock()
			if seen[index] {
				return errors.New("an index has two holders")
			}
			seen[index] = true
			return err
		}
	})
	if won != racers {
		t.Fatalf("%d of %d were issued", won, racers)
	}
}

func listsClose(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	lists, err := s.Lists(ctx)
	must(t, err)
	same(t, lists, []statuslist.List{{Number: 1, Size: statuslist.Size}})
	db.ShrinkList(t, 5)
	perList := make(map[int64]int)
	for n := range 9 {
		i := issued(t, s, proven(t, s, n))
		perList[i.Attestation.List]++
		must(t, s.NumberEvents(ctx))
		if i.Attestation.Index < 0 || i.Attestation.Index >= 5 {
			t.Fatalf("index %d of a list of 5", i.Attestation.Index)
		}
	}
	same(t, perList, map[int64]int{1: 4, 2: 4, 3: 1})
	lists, err = s.Lists(ctx)
	must(t, err)
	same(t, lists, []statuslist.List{{Number: 1, Size: 5}, {Number: 2, Size: 5}, {Number: 3, Size: 5}})

	// A choice made just before the closing stands.
	late := proven(t, s, 100)
	for index := range int64(5) {
		err = s.Issue(ctx, issuance(late, 1, index))
		if !errors.Is(err, attest.ErrIndexTaken) {
			break
		}
	}
	must(t, err)
	after := now.Add(time.Hour)
	_, err = s.BadgeOfAccount(ctx, late.Actor.ID, after)
	must(t, err)
}
