package storetest

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/statuslist"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

func keyEvent(kind attest.EventKind, kid string) attest.Event {
	return attest.Event{Kind: kind, At: now, By: "cocarde", KID: kid}
}

func announcing(kid string) keyring.Change {
	return keyring.Change{From: keys.Unborn, Key: keys.Key{
		KID: kid, State: keys.Announced, Created: now.Add(time.Minute), NotBefore: now.Add(48 * time.Hour), JWK: []byte("{}"), Sealed: []byte("sealed"),
	}, Event: keyEvent(attest.EventKeyAnnounced, kid)}
}

// succession makes next active in place of kid, and announces another.
func succession(kid string, to keys.State, next, announced string) []keyring.Change {
	former := keys.Key{KID: kid, State: to, ActivatedAt: now}
	event := keyEvent(attest.EventKeyRetired, kid)
	if former.RetiredAt = now.Add(time.Hour); to == keys.Revoked {
		former.RetiredAt, former.RevokedAt, former.Reason = time.Time{}, now.Add(time.Hour), "leaked"
		event.Kind = attest.EventKeyRevoked
	}
	follower := announcing(next).Key
	follower.State, follower.ActivatedAt = keys.Active, now.Add(time.Hour)
	return []keyring.Change{
		{From: keys.Active, Key: former, Event: event},
		{From: keys.Announced, Key: follower, Event: keyEvent(attest.EventKeyActivated, next)},
		announcing(announced),
	}
}

func keyStates(t *testing.T, s Store) map[string]keys.State {
	t.Helper()
	all, err := s.SigningKeys(t.Context())
	must(t, err)
	states := map[string]keys.State{}
	for _, k := range all {
		states[k.KID] = k.State
	}
	return states
}

func keyLife(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	seq, err := s.LastKeyEvent(ctx)
	must(t, err)
	same(t, seq, int64(0))
	must(t, s.ChangeKeys(ctx, []keyring.Change{announcing("a")}))
	must(t, s.NumberEvents(ctx))
	seq, err = s.LastKeyEvent(ctx)
	must(t, err)
	same(t, seq, int64(1))
	must(t, s.ChangeKeys(ctx, succession("kid", keys.Retired, "a", "b")))
	all, err := s.SigningKeys(ctx)
	must(t, err)
	before := map[string]keys.State{"kid": keys.Retired, "former": keys.Revoked, "a": keys.Active, "b": keys.Announced}
	same(t, keyStates(t, s), before)
	for _, k := range all {
		switch {
		case k.KID == "kid" && (len(k.Sealed) > 0 || len(k.JWK) == 0 || !k.RetiredAt.Equal(now.Add(time.Hour))),
			k.KID == "a" && (len(k.Sealed) == 0 || !k.ActivatedAt.Equal(now.Add(time.Hour)) || !k.NotBefore.Equal(now.Add(48*time.Hour))):
			t.Errorf("%+v", k)
		}
	}

	// What is not as it should be changes nothing, whatever came before it.
	gone := keyring.Change{From: keys.Retired, Key: keys.Key{KID: "kid", State: keys.Gone}, Event: keyEvent(attest.EventKeyGone, "kid")}
	for name, wrong := range map[string][]keyring.Change{
		"a second standby":     {gone, announcing("c")},
		"a second active key":  {gone, {From: keys.Retired, Key: keys.Key{KID: "former", State: keys.Active}}},
		"another state":        {gone, {From: keys.Announced, Key: keys.Key{KID: "a", State: keys.Retired}}},
		"gone in another":      {gone, {From: keys.Retired, Key: keys.Key{KID: "a", State: keys.Gone}}},
		"an unknown key":       {gone, {From: keys.Active, Key: keys.Key{KID: "x", State: keys.Retired}}},
		"the same change anew": append([]keyring.Change{gone}, succession("kid", keys.Retired, "a", "c")...),
	} {
		if err := s.ChangeKeys(ctx, wrong); !errors.Is(err, keyring.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
		same(t, keyStates(t, s), before)
	}
	must(t, s.ChangeKeys(ctx, []keyring.Change{gone}))
	delete(before, "kid")
	same(t, keyStates(t, s), before)
	must(t, s.NumberEvents(ctx))
	last, err := s.LastSeq(ctx)
	must(t, err)
	seq, err = s.LastKeyEvent(ctx)
	must(t, err)
	same(t, []int64{last, seq}, []int64{5, 5}) // a failed change leaves no event
}

func raceOfRotations(t *testing.T, db Database) {
	s := db.Open(t)
	must(t, s.ChangeKeys(t.Context(), []keyring.Change{announcing("a")}))
	won := race(t, db, keyring.ErrChanged, func(s Store, n int) error {
		return s.ChangeKeys(t.Context(), succession("kid", keys.Retired, "a", "next"+string(rune('a'+n))))
	})
	same(t, won, 1)
	same(t, len(keyStates(t, s)), 4)
}

func keyNotActive(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	must(t, s.ChangeKeys(ctx, []keyring.Change{announcing("a")}))
	r := proven(t, s, 1)
	for n, kid := range []string{"a", "former", "unknown", ""} {
		i := issuance(r, 1, int64(n))
		i.Attestation.KID = kid
		want(t, s.Issue(ctx, i), attest.ErrKeyNotActive)
	}
	must(t, s.ChangeKeys(ctx, succession("kid", keys.Retired, "a", "b")))
	want(t, s.Issue(ctx, issuance(r, 1, 1)), attest.ErrKeyNotActive)
	got, err := s.Request(ctx, r.ID)
	must(t, err)
	same(t, got.State, attest.Proven)
	i := issuance(r, 1, 1)
	i.Attestation.KID = "a"
	must(t, s.Issue(ctx, i))
	want(t, s.Issue(ctx, i), attest.ErrState)

	end, err := s.LastExpiry(ctx, "a")
	must(t, err)
	if !end.Equal(i.Attestation.ExpiresAt) {
		t.Errorf("the last end is %v", end)
	}
	end, err = s.LastExpiry(ctx, "kid")
	must(t, err)
	if !end.IsZero() {
		t.Errorf("a key that signed nothing: %v", end)
	}
}

// raceOfRevocation: once a key is revoked, all that was ever issued under it is seen.
func raceOfRevocation(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	must(t, s.ChangeKeys(ctx, []keyring.Change{announcing("a")}))
	const each = 4
	var issuances [racers * each]attest.Issuance
	for n := range issuances {
		issuances[n] = issuance(proven(t, s, n), 1, int64(n))
	}
	var mu sync.Mutex
	var seen []string // when the revocation had committed
	issued := map[string]bool{}
	race(t, db, nil, func(s Store, n int) error {
		if n == 0 {
			if err := s.ChangeKeys(ctx, succession("kid", keys.Revoked, "a", "b")); err != nil {
				return err
			}
			signed, err := s.SignedBy(ctx, "kid", keyring.Mark{}, 1000)
			for _, one := range signed {
				seen = append(seen, one.JTI)
			}
			return err
		}
		for _, i := range issuances[n*each : (n+1)*each] {
			err := s.Issue(ctx, i)
			if errors.Is(err, attest.ErrKeyNotActive) {
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			issued[i.Attestation.JTI] = true
			mu.Unlock()
		}
		return nil
	})
	for jti := range issued {
		if !slices.Contains(seen, jti) {
			t.Errorf("%s was issued, and the revocation did not see it", jti)
		}
	}
	if len(seen) != len(issued) {
		t.Errorf("%d were seen, %d issued", len(seen), len(issued))
	}
}

func keyTakenBack(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	var badges []attest.Issuance
	for n := range 5 {
		badges = append(badges, issued(t, s, proven(t, s, n)))
	}
	change := func(n int, to verify.Status) {
		t.Helper()
		_, err := s.ChangeStatus(ctx, attest.StatusChange{BadgeID: badges[n].Badge.ID, To: to, At: now, By: "operator", Reason: attest.Other})
		must(t, err)
	}
	change(1, verify.Suspended)
	change(2, verify.Revoked)
	must(t, s.ChangeKeys(ctx, []keyring.Change{announcing("a")}))
	must(t, s.ChangeKeys(ctx, succession("kid", keys.Revoked, "a", "b")))
	must(t, s.NumberEvents(ctx))
	before, err := s.LastSeq(ctx)
	must(t, err)

	var taking []keyring.Taking
	var mark keyring.Mark
	for {
		page, err := s.SignedBy(ctx, "kid", mark, 2)
		must(t, err)
		for _, one := range page {
			if !one.Latest || one.Badge.ID != one.BadgeID || one.KID != "kid" || len(one.Badge.Mailbox) == 0 || one.Badge.Agency.Domain != agency.Domain {
				t.Errorf("%+v", one)
			}
			taking = append(taking, keyring.Taking{JTI: one.JTI, BadgeID: one.BadgeID, Mail: mail(9)})
			mark = keyring.Mark{ExpiresAt: one.ExpiresAt, JTI: one.JTI}
		}
		if len(page) < 2 {
			break
		}
	}
	same(t, len(taking), 5)
	mails := len(due(t, s))
	must(t, s.TakeBack(ctx, now, "cocarde", taking[:3])) // and then it was killed
	must(t, s.TakeBack(ctx, now, "cocarde", taking))
	same(t, len(due(t, s)), mails+4) // once each, and none for the one that was revoked before
	must(t, s.NumberEvents(ctx))
	after, err := s.LastSeq(ctx)
	must(t, err)
	changes, err := s.StatusChanges(ctx, before, after)
	must(t, err)
	same(t, len(changes), 4)
	notValid, err := s.NotValid(ctx, 1)
	must(t, err)
	same(t, len(notValid), 5)
	for _, e := range append(notValid, changes...) {
		same(t, e, statuslist.Entry{List: 1, Index: e.Index, Status: verify.Revoked})
	}
	for _, b := range badges {
		p, err := s.Badge(ctx, b.Badge.ID)
		must(t, err)
		same(t, p.Badge.Status, verify.Revoked)
	}
	must(t, s.AllTakenBack(ctx, "kid"))
	must(t, s.AllTakenBack(ctx, "a")) // not revoked: nothing to note
	all, err := s.SigningKeys(ctx)
	must(t, err)
	for _, k := range all {
		same(t, k.TakenBack, k.State == keys.Revoked)
	}

	// What ended by itself needs no taking back, and the account is free again.
	later := now.Add(validity)
	must(t, s.TakeBack(ctx, later, "cocarde", taking))
	must(t, s.NumberEvents(ctx))
	seq, err := s.LastSeq(ctx)
	must(t, err)
	same(t, seq, after)
	_, err = s.BadgeOfAccount(ctx, badges[0].Badge.Actor.ID, now)
	want(t, err, attest.ErrNotFound)
}

// keyWhomItTookBack: those badges and no others, whoever took them back, by whatever clock,
// and however often it is asked.
func keyWhomItTookBack(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	badges := map[string]attest.Issuance{}
	for n, name := range []string{"valid", "suspended", "withdrawn", "revoked by hand", "replaced", "erased before", "erased since", "renewed", "ended"} {
		r := proven(t, s, n)
		list, index, err := s.FreeIndex(ctx)
		must(t, err)
		i := issuance(r, list, index)
		if name == "ended" {
			i.Attestation.ExpiresAt = now
		}
		must(t, s.Issue(ctx, i))
		badges[name] = i
	}
	for name, c := range map[string]attest.StatusChange{
		"suspended": {To: verify.Suspended, Reason: attest.Other}, "withdrawn": {To: verify.Revoked, Reason: attest.AgentsWish},
		"revoked by hand": {To: verify.Revoked, Reason: attest.KeyCompromised},
	} {
		c.BadgeID, c.At, c.By = badges[name].Badge.ID, now, "operator"
		_, err := s.ChangeStatus(ctx, c)
		must(t, err)
	}
	badges["replacing"] = issued(t, s, provenFor(t, s, 20, actor(t, 20), badges["replaced"].Badge.MailboxKey))
	must(t, s.Erase(ctx, badges["erased before"].Badge.ID, now))
	must(t, s.ChangeKeys(ctx, []keyring.Change{announcing("a")}))
	must(t, s.ChangeKeys(ctx, succession("kid", keys.Retired, "a", "b")))
	renewal := renewal(t, s, renewing(t, s, 21, badges["renewed"].Badge, now), now)
	renewal.Attestation.KID = "a"
	must(t, s.Renew(ctx, renewal))

	found := func(kid string) (ids []string) {
		t.Helper()
		var mark keyring.Mark
		for {
			page, err := s.TakenBack(ctx, kid, mark, 2)
			must(t, err)
			for _, one := range page {
				if !one.Latest || one.KID != kid || one.Badge.Status != verify.Revoked || len(one.Badge.Mailbox) == 0 || one.Badge.Actor.Handle == (acct.Handle{}) {
					t.Errorf("%+v", one)
				}
				ids = append(ids, one.Badge.ID)
				mark = keyring.Mark{ExpiresAt: one.ExpiresAt, JTI: one.JTI}
			}
			if len(page) < 2 {
				slices.Sort(ids)
				return ids
			}
		}
	}
	same(t, found("kid"), []string(nil))
	revoked := keys.Key{KID: "kid", State: keys.Revoked, ActivatedAt: now, RetiredAt: now.Add(time.Hour), RevokedAt: now.Add(2 * time.Hour), Reason: "leaked"}
	must(t, s.ChangeKeys(ctx, []keyring.Change{{From: keys.Retired, Key: revoked, Event: keyEvent(attest.EventKeyRevoked, "kid")}}))
	signed, err := s.SignedBy(ctx, "kid", keyring.Mark{}, 100)
	must(t, err)
	var taking []keyring.Taking
	for _, one := range signed {
		taking = append(taking, keyring.Taking{JTI: one.JTI, BadgeID: one.BadgeID})
	}
	same(t, len(taking), 10)
	must(t, s.TakeBack(ctx, now, "operator", taking[:5])) // and then it was killed
	must(t, s.TakeBack(ctx, now, "cocarde", taking))      // by a clock that is behind
	must(t, s.Erase(ctx, badges["erased since"].Badge.ID, now))
	wanted := []string{badges["valid"].Badge.ID, badges["suspended"].Badge.ID, badges["replacing"].Badge.ID}
	slices.Sort(wanted)
	same(t, found("kid"), wanted)
	must(t, s.NumberEvents(ctx))
	must(t, s.TakeBack(ctx, now, "operator", taking))
	same(t, found("kid"), wanted)
	same(t, found("a"), []string(nil))
	same(t, found("unknown"), []string(nil))

	db.Exec(t, `UPDATE events SET done_by = 'record', reason = '' WHERE kind = 'revoked'`) // as a replay gives them back
	same(t, found("kid"), wanted)
}

func rewrap(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	id, _, err := s.Identity(ctx)
	must(t, err)
	next := map[string][]byte{"sealing": []byte("another"), "vrf": []byte("another")}
	for _, wrong := range []map[string][]byte{{"sealing": []byte("another")}, {"sealing": []byte("another"), "other": []byte("another")}} {
		want(t, s.Rewrap(ctx, id.WrappedKeys, wrong), keyring.ErrChanged)
	}
	want(t, s.Rewrap(ctx, next, next), keyring.ErrChanged)
	must(t, s.Rewrap(ctx, id.WrappedKeys, next))
	want(t, s.Rewrap(ctx, id.WrappedKeys, next), keyring.ErrChanged)
	again, _, err := s.Identity(ctx)
	must(t, err)
	same(t, again.WrappedKeys, next)
}

// fillKeys calls what is about keys; n is another one each time.
func fillKeys(t *testing.T, s Store, n int) {
	t.Helper()
	ctx := t.Context()
	one, other := issued(t, s, proven(t, s, n+7)), issued(t, s, proven(t, s, n+8))
	for kid, to := range map[string]keys.State{"gone": keys.Gone, "revoked" + one.Badge.ID: keys.Revoked} {
		must(t, s.ChangeKeys(ctx, []keyring.Change{announcing(kid)}))
		must(t, s.ChangeKeys(ctx, []keyring.Change{{From: keys.Announced, Key: keys.Key{KID: kid, State: to}, Event: keyEvent(attest.EventKeyGone, kid)}}))
	}
	_, err := s.SigningKeys(ctx)
	must(t, err)
	_, err = s.LastKeyEvent(ctx)
	must(t, err)
	_, err = s.LastExpiry(ctx, "kid")
	must(t, err)
	_, err = s.SignedBy(ctx, "kid", keyring.Mark{ExpiresAt: now}, 10)
	must(t, err)
	_, err = s.TakenBack(ctx, "kid", keyring.Mark{ExpiresAt: now}, 10)
	must(t, err)
	must(t, s.TakeBack(ctx, now, "cocarde", []keyring.Taking{
		{JTI: one.Attestation.JTI, BadgeID: one.Badge.ID, Mail: mail(1)}, {JTI: other.Attestation.JTI, BadgeID: "another: it is not its latest"},
	}))
	must(t, s.AllTakenBack(ctx, "former"))
	must(t, s.NumberEvents(ctx))
	id, _, err := s.Identity(ctx)
	must(t, err)
	must(t, s.Rewrap(ctx, id.WrappedKeys, id.WrappedKeys))
}

// IssuanceAndRevocation gives two acts: one issues under the active key, with index
// 5 of the first list, and the other revokes that key.
func IssuanceAndRevocation(t *testing.T, s Store) (issue, revoke func(Store) error) {
	t.Helper()
	must(t, s.FoundIssuer(t.Context(), founder(1), nil))
	must(t, s.ChangeKeys(t.Context(), []keyring.Change{announcing("a")}))
	i := issuance(proven(t, s, 1), 1, 5)
	return func(s Store) error { return s.Issue(t.Context(), i) },
		func(s Store) error { return s.ChangeKeys(t.Context(), succession("kid", keys.Revoked, "a", "b")) }
}
