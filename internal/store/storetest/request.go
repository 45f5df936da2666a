package storetest

import (
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/retention"
)

func requestRoundTrip(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	r, in := request(t, 1)
	r.Listed = false
	must(t, s.AddRequest(ctx, r, &in))
	got, err := s.Request(ctx, r.ID)
	must(t, err)
	same(t, got, r)

	c := code(7)
	must(t, s.ProveAccount(ctx, r.ID, now.Add(time.Minute), c, mail(1)))
	must(t, s.ProveMailbox(ctx, r.ID, c.Hash, now.Add(2*time.Minute)))
	must(t, s.SetLang(ctx, r.ID, "en"))
	r.State, r.CodesSent, r.MailboxCode, r.Lang = attest.Proven, 1, &c, "en"
	r.AccountProofAt, r.MailboxProofAt = now.Add(time.Minute), now.Add(2*time.Minute)
	got, err = s.Request(ctx, r.ID)
	must(t, err)
	same(t, got, r)

	again := signIn(2)
	if s.AddRequest(ctx, r, &again) == nil {
		t.Fatal("a second request with the same id was kept")
	}
	sent := mail(1)
	sent.ID = due(t, s)[0].ID
	same(t, due(t, s), []attest.OutboxEntry{*sent})
}

// requestByLink: a request without a sign-in.
func requestByLink(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	r, none := request(t, 1)
	r.Method, r.SignIns = attest.ByLink, 0
	must(t, s.AddRequest(ctx, r, nil))
	got, err := s.Request(ctx, r.ID)
	must(t, err)
	same(t, got, r)
	_, _, err = s.TakeSignIn(ctx, none.StateHash)
	want(t, err, attest.ErrNotFound)
	must(t, s.ProveAccount(ctx, r.ID, now, code(1), mail(1)))
	want(t, s.ProveAccount(ctx, r.ID, now, code(1), mail(1)), attest.ErrState)
	if n := len(due(t, s)); n != 1 {
		t.Fatalf("%d mails are due, want one", n)
	}
}

// requestReserves: a badge id is reserved until its request ends, however it does.
func requestReserves(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	_, err := s.Reserved(ctx, "nothing")
	want(t, err, attest.ErrNotFound)
	for state, r := range map[attest.State]attest.Request{
		attest.AwaitingAccountProof: begun(t, s, 1),
		attest.AwaitingMailboxProof: mailed(t, s, 2),
		attest.Proven:               proven(t, s, 3),
	} {
		got, err := s.Reserved(ctx, r.BadgeID)
		must(t, err)
		if got.ID != r.ID || got.State != state || !got.ExpiresAt.Equal(r.ExpiresAt) {
			t.Errorf("%s: reserved by %s, which is %s", r.ID, got.ID, got.State)
		}
		must(t, s.EndRequest(ctx, r.ID, attest.Withdrawn))
		_, err = s.Reserved(ctx, r.BadgeID)
		want(t, err, attest.ErrNotFound)
	}
	r := proven(t, s, 4)
	issued(t, s, r)
	_, err = s.Reserved(ctx, r.BadgeID)
	want(t, err, attest.ErrNotFound)

	// Of two for one badge, the newer.
	older := begun(t, s, 5)
	newer, in := request(t, 6)
	newer.BadgeID, newer.CreatedAt = older.BadgeID, now.Add(time.Minute)
	must(t, s.AddRequest(ctx, newer, &in))
	got, err := s.Reserved(ctx, older.BadgeID)
	must(t, err)
	same(t, got, newer)
}

// requestStates tries every act in every state.
func requestStates(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	acts := map[string]func(id string) error{
		"AddSignIn":        func(id string) error { return s.AddSignIn(ctx, id, signIn(99), 100) },
		"HoldAccountProof": func(id string) error { return s.HoldAccountProof(ctx, id, code(1)) },
		"TakeAccountTry":   func(id string) error { _, err := s.TakeAccountTry(ctx, id, 5); return err },
		"ProveAccount":     func(id string) error { return s.ProveAccount(ctx, id, now, code(2), mail(1)) },
		"RenewMailboxCode": func(id string) error { return s.RenewMailboxCode(ctx, id, code(3), mail(1), 3) },
		"TakeMailboxTry":   func(id string) error { _, err := s.TakeMailboxTry(ctx, id, 5); return err },
		"ProveMailbox":     func(id string) error { return s.ProveMailbox(ctx, id, code(2).Hash, now) },
		"Issue": func(id string) error {
			r, err := s.Request(ctx, id)
			if err != nil {
				return err
			}
			return s.Issue(ctx, issuance(r, 1, 1))
		},
		"EndRequest": func(id string) error { return s.EndRequest(ctx, id, attest.Withdrawn) },
	}
	// What each state refuses. What it allows is tested by name elsewhere.
	refused := map[attest.State][]string{
		attest.AwaitingAccountProof: {"TakeAccountTry", "RenewMailboxCode", "TakeMailboxTry", "ProveMailbox", "Issue"},
		attest.AwaitingMailboxProof: {"AddSignIn", "HoldAccountProof", "TakeAccountTry", "ProveAccount", "ProveMailbox", "Issue"},
		attest.Proven:               {"AddSignIn", "HoldAccountProof", "TakeAccountTry", "ProveAccount", "RenewMailboxCode", "TakeMailboxTry", "ProveMailbox"},
	}
	var all []string
	for name := range acts {
		all = append(all, name)
	}
	for _, end := range []attest.State{attest.Issued, attest.Expired, attest.Withdrawn, attest.Refused} {
		refused[end] = all
	}
	n := 0
	for state, names := range refused {
		n++
		var r attest.Request
		switch state {
		case attest.AwaitingAccountProof:
			r = begun(t, s, n)
		case attest.AwaitingMailboxProof:
			r = mailed(t, s, n*1000) // another code than ProveMailbox's
		case attest.Issued:
			r = proven(t, s, n)
			issued(t, s, r)
		default:
			r = proven(t, s, n)
			if state != attest.Proven {
				must(t, s.EndRequest(ctx, r.ID, state))
			}
		}
		before := len(due(t, s))
		stored, err := s.Request(ctx, r.ID)
		must(t, err)
		for _, name := range names {
			if err := acts[name](r.ID); err != attest.ErrState {
				t.Errorf("%s of a request that is %s: %v, want ErrState", name, state, err)
			}
		}
		after, err := s.Request(ctx, r.ID)
		must(t, err)
		same(t, after, stored)
		if len(due(t, s)) != before {
			t.Errorf("a refused act on a request that is %s sent mail", state)
		}
	}
}

func requestMissing(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	_, err := s.Request(ctx, "nothing")
	want(t, err, attest.ErrNotFound)
	_, _, err = s.TakeSignIn(ctx, hash("none %d", 1))
	want(t, err, attest.ErrNotFound)
	_, err = s.TakeMailboxTry(ctx, "nothing", 5)
	want(t, err, attest.ErrNotFound)
	want(t, s.EndRequest(ctx, "nothing", attest.Expired), attest.ErrNotFound)
	want(t, s.AddSignIn(ctx, "nothing", signIn(1), 5), attest.ErrNotFound)
	want(t, s.SetLang(ctx, "nothing", "en"), attest.ErrNotFound)
}

func signIns(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	r := begun(t, s, 1)
	must(t, s.HoldAccountProof(ctx, r.ID, code(1)))
	must(t, s.AddSignIn(ctx, r.ID, signIn(2), 2))
	want(t, s.AddSignIn(ctx, r.ID, signIn(3), 2), attest.ErrState)

	_, _, err := s.TakeSignIn(ctx, signIn(1).StateHash)
	want(t, err, attest.ErrNotFound) // replaced
	_, _, err = s.TakeSignIn(ctx, signIn(3).StateHash)
	want(t, err, attest.ErrNotFound) // refused
	got, in, err := s.TakeSignIn(ctx, signIn(2).StateHash)
	must(t, err)
	same(t, in, signIn(2))
	r.SignIns, r.AccountCode = 2, nil
	same(t, got, r)
	_, _, err = s.TakeSignIn(ctx, signIn(2).StateHash)
	want(t, err, attest.ErrNotFound)

	for n, end := range []func(id string) error{
		func(id string) error { return s.EndRequest(ctx, id, attest.Withdrawn) },
		func(id string) error { return s.ProveAccount(ctx, id, now, code(1), nil) },
	} {
		r := begun(t, s, 10+n)
		must(t, end(r.ID))
		_, _, err := s.TakeSignIn(ctx, signIn(10+n).StateHash)
		want(t, err, attest.ErrNotFound)
	}
}

func accountCode(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	r := begun(t, s, 1)
	must(t, s.HoldAccountProof(ctx, r.ID, code(1)))
	for try := 1; try <= 2; try++ {
		c, err := s.TakeAccountTry(ctx, r.ID, 2)
		must(t, err)
		expected := code(1)
		expected.Tries = try
		same(t, c, expected)
	}
	_, err := s.TakeAccountTry(ctx, r.ID, 2)
	want(t, err, attest.ErrState)

	must(t, s.HoldAccountProof(ctx, r.ID, code(2)))
	c, err := s.TakeAccountTry(ctx, r.ID, 2)
	must(t, err)
	same(t, c.Hash, code(2).Hash)
}

func mailboxCode(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	r := mailed(t, s, 1)
	_, err := s.TakeMailboxTry(ctx, r.ID, 1)
	must(t, err)
	_, err = s.TakeMailboxTry(ctx, r.ID, 1)
	want(t, err, attest.ErrState)

	lost := mail(1)
	lost.RequestID = r.ID
	must(t, s.AddOutbox(ctx, *lost))
	for _, e := range due(t, s) {
		if e.RequestID == r.ID {
			must(t, s.OutboxGaveUp(ctx, e.ID, "mail_refused"))
		}
	}
	got, err := s.Request(ctx, r.ID)
	must(t, err)
	same(t, got.MailError, "mail_refused")
	must(t, s.RenewMailboxCode(ctx, r.ID, code(2), mail(2), 2))
	got, err = s.Request(ctx, r.ID)
	must(t, err)
	same(t, got.MailError, "")
	want(t, s.RenewMailboxCode(ctx, r.ID, code(3), mail(3), 2), attest.ErrState)
	if n := len(due(t, s)); n != 1 {
		t.Fatalf("%d mails are due, want the renewed one", n)
	}
	_, err = s.TakeMailboxTry(ctx, r.ID, 1)
	want(t, err, attest.ErrState) // another code is no other try
	c, err := s.TakeMailboxTry(ctx, r.ID, 2)
	must(t, err)
	expected := code(2)
	expected.Tries = 2
	same(t, c, expected)
	want(t, s.ProveMailbox(ctx, r.ID, code(1).Hash, now), attest.ErrState) // replaced
	must(t, s.ProveMailbox(ctx, r.ID, code(2).Hash, now))
	want(t, s.ProveMailbox(ctx, r.ID, code(2).Hash, now), attest.ErrState)
}

func requestPastItsEnd(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	late := now.Add(retention.Request)
	want(t, s.ProveAccount(ctx, begun(t, s, 1).ID, late, code(1), mail(1)), attest.ErrState)
	want(t, s.ProveMailbox(ctx, mailed(t, s, 2).ID, code(2).Hash, late), attest.ErrState)
	i := issuance(proven(t, s, 3), 1, 1)
	i.Event.At = late
	want(t, s.Issue(ctx, i), attest.ErrState)
}

func raceForSignIn(t *testing.T, db Database) {
	begun(t, db.Open(t), 1)
	won := race(t, db, attest.ErrNotFound, func(s Store, _ int) error {
		_, _, err := s.TakeSignIn(t.Context(), signIn(1).StateHash)
		return err
	})
	if won != 1 {
		t.Fatalf("the sign-in completed %d times", won)
	}
}

func raceOfTries(t *testing.T, db Database) {
	r := mailed(t, db.Open(t), 1)
	won := race(t, db, attest.ErrState, func(s Store, _ int) error {
		_, err := s.TakeMailboxTry(t.Context(), r.ID, 5)
		return err
	})
	if won != 5 {
		t.Fatalf("%d tries were taken, want 5", won)
	}
}

func raceOfProofs(t *testing.T, db Database) {
	r := mailed(t, db.Open(t), 1)
	won := race(t, db, attest.ErrState, func(s Store, _ int) error {
		return s.ProveMailbox(t.Context(), r.ID, code(1).Hash, now)
	})
	if won != 1 {
		t.Fatalf("the code was accepted %d times", won)
	}
}
