package storetest

import (
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/statuslist"
	"cocarde.example/verify"
)

func badgeFind(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	i := issued(t, s, proven(t, s, 1))
	other, err := acct.ParseHandle(strings.ToUpper(i.Badge.Actor.Handle.String()))
	must(t, err)
	for name, find := range map[string]func() (attest.Published, error){
		"id":                    func() (attest.Published, error) { return s.Badge(ctx, i.Badge.ID) },
		"account":               func() (attest.Published, error) { return s.BadgeOfAccount(ctx, i.Badge.Actor.ID, now) },
		"mailbox":               func() (attest.Published, error) { return s.BadgeOfMailbox(ctx, i.Badge.MailboxKey, now) },
		"handle":                func() (attest.Published, error) { return s.BadgeOfHandle(ctx, i.Badge.Actor.Handle) },
		"handle, in other case": func() (attest.Published, error) { return s.BadgeOfHandle(ctx, other) },
	} {
		p, err := find()
		if err != nil {
			t.Fatalf("by %s: %v", name, err)
		}
		same(t, p, published(i))
	}
	nobody := actor(t, 99)
	for name, find := range map[string]func() (attest.Published, error){
		"id":            func() (attest.Published, error) { return s.Badge(ctx, "nothing") },
		"account":       func() (attest.Published, error) { return s.BadgeOfAccount(ctx, nobody.ID, now) },
		"account later": func() (attest.Published, error) { return s.BadgeOfAccount(ctx, i.Badge.Actor.ID, now.Add(validity)) },
		"mailbox":       func() (attest.Published, error) { return s.BadgeOfMailbox(ctx, hash("none %d", 1), now) },
		"mailbox later": func() (attest.Published, error) { return s.BadgeOfMailbox(ctx, i.Badge.MailboxKey, now.Add(validity)) },
		"handle":        func() (attest.Published, error) { return s.BadgeOfHandle(ctx, nobody.Handle) },
	} {
		if _, err := find(); err != attest.ErrNotFound {
			t.Fatalf("by %s: %v, want ErrNotFound", name, err)
		}
	}

	// Of a handle, the newest listed one, in force or not.
	_, err = s.ChangeStatus(ctx, attest.StatusChange{BadgeID: i.Badge.ID, To: verify.Revoked, At: now, Reason: attest.Other})
	must(t, err)
	unlisted := issuance(provenFor(t, s, 2, actor(t, 1), hash("mailbox %d", 2)), 1, (i.Attestation.Index+1)%statuslist.Size)
	unlisted.Badge.Listed = false
	unlisted.Badge.CreatedAt = now.Add(time.Minute)
	must(t, s.Issue(ctx, unlisted))
	p, err := s.BadgeOfHandle(ctx, i.Badge.Actor.Handle)
	must(t, err)
	same(t, p.Badge.ID, i.Badge.ID)
	_, err = s.ChangeStatus(ctx, attest.StatusChange{BadgeID: unlisted.Badge.ID, To: verify.Revoked, At: now, Reason: attest.Other})
	must(t, err)
	listed := issuance(provenFor(t, s, 3, actor(t, 1), hash("mailbox %d", 3)), 1, (i.Attestation.Index+2)%statuslist.Size)
	listed.Badge.CreatedAt = now.Add(2 * time.Minute)
	must(t, s.Issue(ctx, listed))
	p, err = s.BadgeOfHandle(ctx, i.Badge.Actor.Handle)
	must(t, err)
	same(t, p, published(listed))
}

// badgeAfterClockAhead: an ended badge that was issued by a clock that ran ahead hides
// no badge in force of the same handle.
func badgeAfterClockAhead(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	ended := issuance(proven(t, s, 1), 1, 1)
	ended.Badge.CreatedAt = now.Add(time.Hour)
	must(t, s.Issue(ctx, ended))
	_, err := s.ChangeStatus(ctx, attest.StatusChange{BadgeID: ended.Badge.ID, To: verify.Revoked, At: now, Reason: attest.Other})
	must(t, err)
	i := issuance(provenFor(t, s, 2, actor(t, 1), hash("mailbox %d", 2)), 1, 2)
	must(t, s.Issue(ctx, i))
	p, err := s.BadgeOfHandle(ctx, i.Badge.Actor.Handle)
	must(t, err)
	same(t, p, published(i))
	for _, to := range []verify.Status{verify.Suspended, verify.Revoked} {
		_, err = s.ChangeStatus(ctx, attest.StatusChange{BadgeID: i.Badge.ID, To: to, At: now.Add(time.Minute), Reason: attest.Other})
		must(t, err)
		p, err = s.BadgeOfHandle(ctx, i.Badge.Actor.Handle)
		must(t, err)
		wanted := i.Badge.ID // suspended, it still holds its account
		if to == verify.Revoked {
			wanted = ended.Badge.ID // both have ended
		}
		same(t, p.Badge.ID, wanted)
	}
}

func badgeList(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	var ids []string
	for n := 1; n <= 5; n++ {
		i := issuance(proven(t, s, n), 1, int64(n))
		if n == 5 {
			i.Badge.Agency.Domain = "insee.fr"
		}
		must(t, s.Issue(ctx, i))
		ids = append(ids, i.Badge.ID)
	}
	_, err := s.ChangeStatus(ctx, attest.StatusChange{BadgeID: ids[1], To: verify.Suspended, At: now, Reason: attest.Other})
	must(t, err)
	suspended, valid := verify.Suspended, verify.Valid
	for name, c := range map[string]struct {
		filter attest.BadgeFilter
		want   []string
	}{
		"all":            {attest.BadgeFilter{Limit: 1000}, ids},
		"first page":     {attest.BadgeFilter{Limit: 2}, ids[:2]},
		"second page":    {attest.BadgeFilter{Limit: 2, After: ids[1]}, ids[2:4]},
		"past the end":   {attest.BadgeFilter{Limit: 2, After: ids[4]}, nil},
		"domain":         {attest.BadgeFilter{Limit: 9, Domain: "insee.fr"}, ids[4:]},
		"handle":         {attest.BadgeFilter{Limit: 9, Handle: actor(t, 3).Handle}, ids[2:3]},
		"suspended":      {attest.BadgeFilter{Limit: 9, Status: &suspended}, ids[1:2]},
		"all narrowings": {attest.BadgeFilter{Limit: 9, Status: &valid, Domain: "culture.gouv.fr", Handle: actor(t, 3).Handle, After: ids[0]}, ids[2:3]},
		"no limit":       {attest.BadgeFilter{}, ids[:1]},
	} {
		got, err := s.Badges(ctx, c.filter)
		must(t, err)
		var found []string
		for _, p := range got {
			found = append(found, p.Badge.ID)
		}
		t.Log(name)
		same(t, found, c.want)
	}
}

func badgeStatus(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	i := issued(t, s, proven(t, s, 1))
	entry := func(st verify.Status) []statuslist.Entry {
		return []statuslist.Entry{{List: i.Attestation.List, Index: i.Attestation.Index, Status: st}}
	}
	at := now
	for _, step := range []struct {
		to       verify.Status
		changed  bool
		err      error
		notValid []statuslist.Entry
	}{
		{verify.Valid, false, nil, nil},
		{verify.Suspended, true, nil, entry(verify.Suspended)},
		{verify.Suspended, false, nil, entry(verify.Suspended)},
		{verify.Valid, true, nil, nil},
		{verify.Revoked, true, nil, entry(verify.Revoked)},
		{verify.Revoked, false, nil, entry(verify.Revoked)},
		{verify.Suspended, false, attest.ErrRevoked, entry(verify.Revoked)},
		{verify.Valid, false, attest.ErrRevoked, entry(verify.Revoked)},
	} {
		at = at.Add(time.Minute)
		changed, err := s.ChangeStatus(ctx, attest.StatusChange{
			BadgeID: i.Badge.ID, To: step.to, At: at, By: "operator", Reason: attest.LeftAgency, Note: []byte("sealed"),
		})
		if changed != step.changed || err != step.err {
			t.Fatalf("to %v: changed %v, error %v; want %v, %v", step.to, changed, err, step.changed, step.err)
		}
		p, err := s.Badge(ctx, i.Badge.ID)
		must(t, err)
		if changed && (p.Badge.Status != step.to || !p.Badge.ChangedAt.Equal(at)) {
			t.Fatalf("to %v: the badge is %v since %v", step.to, p.Badge.Status, p.Badge.ChangedAt)
		}
		if !changed && p.Badge.ChangedAt.Equal(at) {
			t.Fatalf("to %v: nothing changed, but the time of the change did", step.to)
		}
		entries, err := s.NotValid(ctx, i.Attestation.List)
		must(t, err)
		same(t, entries, step.notValid)
	}
	must(t, s.NumberEvents(ctx))
	seq, err := s.LastSeq(ctx)
	must(t, err)
	if seq != 4 {
		t.Fatalf("%d events, want issued, suspended, resumed, revoked", seq)
	}
	changes, err := s.StatusChanges(ctx, 0, seq)
	must(t, err)
	same(t, changes, append(append(entry(verify.Suspended), entry(verify.Valid)...), entry(verify.Revoked)...))
	changes, err = s.StatusChanges(ctx, 2, 3)
	must(t, err)
	same(t, changes, entry(verify.Valid))

	_, err = s.ChangeStatus(ctx, attest.StatusChange{BadgeID: "nothing", To: verify.Revoked, At: now})
	want(t, err, attest.ErrNotFound)
	if _, err := s.ChangeStatus(ctx, attest.StatusChange{BadgeID: i.Badge.ID, To: 3, At: now}); err == nil {
		t.Fatal("a status that cannot be was taken")
	}
}

// badgeStatusOfEnded: an attestation that has ended keeps its status, and no act
// goes without an event.
func badgeStatusOfEnded(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	i := issued(t, s, proven(t, s, 1))
	_, err := s.ChangeStatus(ctx, attest.StatusChange{BadgeID: i.Badge.ID, To: verify.Revoked, At: now.Add(validity), Reason: attest.Other})
	want(t, err, attest.ErrEnded)
	p, err := s.Badge(ctx, i.Badge.ID)
	must(t, err)
	same(t, p, published(i))
	entries, err := s.NotValid(ctx, i.Attestation.List)
	must(t, err)
	same(t, entries, []statuslist.Entry(nil))
	must(t, s.NumberEvents(ctx))
	changes, err := s.StatusChanges(ctx, 0, 10)
	must(t, err)
	same(t, changes, []statuslist.Entry(nil))
}
