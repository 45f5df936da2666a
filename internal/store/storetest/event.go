package storetest

import (
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/statuslist"
	"cocarde.example/internal/store"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

func eventNumbering(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	seq, err := s.LastSeq(ctx)
	must(t, err)
	same(t, seq, int64(0))
	must(t, s.NumberEvents(ctx)) // nothing to number

	must(t, s.FoundIssuer(ctx, founder(1), []attest.Event{
		{Kind: attest.EventKeyAnnounced, At: now, By: "cocarde", KID: "kid"},
		{Kind: "sign_in", At: now, By: "operator"}, // not public: gets no number
		{Kind: attest.EventKeyAnnounced, At: now, By: "cocarde", KID: "standby"},
	}))
	seq, err = s.LastSeq(ctx)
	must(t, err)
	same(t, seq, int64(0))
	must(t, s.NumberEvents(ctx))
	must(t, s.NumberEvents(ctx))
	seq, err = s.LastSeq(ctx)
	must(t, err)
	same(t, seq, int64(2))

	i := issued(t, s, proven(t, s, 1))
	for _, to := range []verify.Status{verify.Suspended, verify.Valid, verify.Revoked} {
		_, err := s.ChangeStatus(ctx, attest.StatusChange{BadgeID: i.Badge.ID, To: to, At: now, Reason: attest.Other})
		must(t, err)
	}
	// What is not numbered yet is seen by nobody.
	changes, err := s.StatusChanges(ctx, 0, 100)
	must(t, err)
	same(t, changes, []statuslist.Entry(nil))
	must(t, s.NumberEvents(ctx))
	seq, err = s.LastSeq(ctx)
	must(t, err)
	same(t, seq, int64(6))
	changes, err = s.StatusChanges(ctx, 3, 6)
	must(t, err)
	var order []verify.Status
	for _, c := range changes {
		order = append(order, c.Status)
	}
	same(t, order, []verify.Status{verify.Suspended, verify.Valid, verify.Revoked})
}

// raceOfNumbering numbers while others commit, and follows the numbers as a
// reader does: each change is seen once, and none is missed.
func raceOfNumbering(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	var badges []attest.Issuance
	for n := range racers {
		badges = append(badges, issued(t, s, proven(t, s, n)))
	}
	done := make(chan struct{})
	var following sync.WaitGroup
	seen := make(map[int64][]verify.Status)
	follower := db.Open(t)
	following.Go(func() {
		var after int64
		for last := false; ; {
			select {
			case <-done:
				last = true
			default:
			}
			if err := follower.NumberEvents(ctx); err != nil {
				t.Error(err)
				return
			}
			upTo, err := follower.LastSeq(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			changes, err := follower.StatusChanges(ctx, after, upTo)
			if err != nil {
				t.Error(err)
				return
			}
			for _, c := range changes {
				seen[c.Index] = append(seen[c.Index], c.Status)
			}
			if after = upTo; last {
				return
			}
		}
	})
	steps := []verify.Status{verify.Suspended, verify.Valid, verify.Suspended, verify.Revoked}
	race(t, db, nil, func(s Store, n int) error {
		for _, to := range steps {
			if _, err := s.ChangeStatus(ctx, attest.StatusChange{BadgeID: badges[n].Badge.ID, To: to, At: now, Reason: attest.Other}); err != nil {
				return err
			}
			if err := s.NumberEvents(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	close(done)
	following.Wait()
	seq, err := s.LastSeq(ctx)
	must(t, err)
	same(t, seq, int64(racers*(1+len(steps)))) // gap-free: as many as there are
	for _, b := range badges {
		same(t, seen[b.Attestation.Index], steps)
	}
}

func artefact(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	_, ok, err := s.Artefact(ctx, "/status/1")
	if ok || err != nil {
		t.Fatalf("found %v, error %v in an empty database", ok, err)
	}
	first := statuslist.Artefact{Path: "/status/1", ContentType: "application/statuslist+jwt", Body: []byte("one"),
		SignedAt: now, ExpiresAt: now.Add(time.Hour), Seq: 5}
	must(t, s.SaveArtefact(ctx, first))
	for name, c := range map[string]struct {
		seq    int64
		signed time.Duration
		taken  bool
	}{
		"smaller seq":                       {4, time.Minute, false},
		"same, signed earlier":              {5, -time.Minute, false},
		"same, but the other in the future": {5, -2 * time.Minute, true},
		"after a clock's step":              {6, -time.Minute, true},
		"same seq, signed later":            {5, time.Minute, true},
		"the same":                          {5, 0, true},
		"greater seq":                       {6, 0, true},
	} {
		stands := first
		stands.Path = "/" + name
		must(t, s.SaveArtefact(ctx, stands))
		next := stands
		next.Body, next.Seq, next.SignedAt = []byte("two"), c.seq, now.Add(c.signed)
		must(t, s.SaveArtefact(ctx, next))
		got, ok, err := s.Artefact(ctx, stands.Path)
		if !ok || err != nil {
			t.Fatalf("%s: found %v, error %v", name, ok, err)
		}
		if c.taken {
			same(t, got, next)
		} else {
			same(t, got, stands)
		}
	}
}

func founder(n int) store.Identity {
	return store.Identity{
		Origin:      "https://cocarde.example.org",
		Demo:        n%2 == 1,
		WrappedKeys: map[string][]byte{"sealing": hash("wrapped %d", n), "vrf": hash("vrf %d", n)},
		ActorKey:    hash("actor %d", n),
		SigningKeys: []keys.Key{
			{KID: "kid", State: keys.Active, Created: now, NotBefore: now, ActivatedAt: now, JWK: []byte(`{"kty":"EC"}`), Sealed: hash("sealed %d", n)},
			{KID: "former", State: keys.Revoked, Created: now.Add(time.Second), NotBefore: now.Add(48 * time.Hour), ActivatedAt: now,
				RetiredAt: now.Add(time.Hour), RevokedAt: now.Add(2 * time.Hour), Reason: "leaked", TakenBack: true, JWK: []byte(`{}`)},
		},
	}
}

func identity(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	_, ok, err := s.Identity(ctx)
	must(t, err)
	if ok {
		t.Fatal("an empty database has an issuer")
	}
	for _, broken := range []func(*store.Identity){
		func(id *store.Identity) { id.SigningKeys = append(id.SigningKeys, id.SigningKeys[0]) },
		func(id *store.Identity) { id.WrappedKeys["none"] = nil },
	} {
		id := founder(3)
		broken(&id)
		if s.FoundIssuer(ctx, id, nil) == nil {
			t.Fatal("a broken issuer was founded")
		}
		if _, ok, _ := s.Identity(ctx); ok {
			t.Fatal("half an issuer was founded")
		}
	}
	must(t, s.FoundIssuer(ctx, founder(1), nil))
	want(t, s.FoundIssuer(ctx, founder(2), nil), store.ErrFounded)
	got, ok, err := s.Identity(ctx)
	must(t, err)
	if !ok {
		t.Fatal("the issuer was not kept")
	}
	same(t, got, founder(1))
}

func raceOfFounders(t *testing.T, db Database) {
	won := race(t, db, store.ErrFounded, func(s Store, n int) error {
		return s.FoundIssuer(t.Context(), founder(n), []attest.Event{{Kind: attest.EventKeyAnnounced, At: now, KID: "kid"}})
	})
	s := db.Open(t)
	must(t, s.NumberEvents(t.Context()))
	seq, err := s.LastSeq(t.Context())
	must(t, err)
	if won != 1 || seq != 1 {
		t.Fatalf("%d issuers were founded, with %d events", won, seq)
	}
}
