package years

import (
	"slices"
	"testing"
	"time"

	"cocarde.example/verify"
)

// What the issuer promises of its keys (decision 0023).
const (
	announced = 2 * day  // in the JWKS before a key signs
	signsFor  = 90 * day // then the next one does
	keptFor   = 30 * day // in the JWKS after the last thing that it signed has ended
)

// slack is how late a key may take its turn: the issuer looks at them each hour.
func slack() time.Duration { return *every + hour }

// keyring is what strangers have seen of the keys.
type keyring struct {
	t      *testing.T
	now    func() time.Time
	all    map[string]*key
	signer string
	turned bool // by hand, and the next one has not signed yet

	happened tally
}

type key struct {
	seen     time.Time // first in the JWKS
	from, to time.Time // when it was seen to sign first, and another in its place
	last     time.Time // the end of the last thing that it signed
	revoked  time.Time
	gone     bool
	atOnce   bool // it may sign unannounced: the first, and whatever follows on a revoked one
}

// shown holds the JWKS against what was seen before.
func (r *keyring) shown(kids []string) {
	r.t.Helper()
	for _, kid := range kids {
		k := r.all[kid]
		switch {
		case k == nil:
			r.all[kid] = &key{seen: r.now()}
		case !k.revoked.IsZero() || k.gone:
			r.t.Fatalf("%v: the key %s is back in the JWKS: %+v", r.now(), kid, k)
		}
	}
	for kid, k := range r.all {
		if k.gone || !k.revoked.IsZero() || slices.Contains(kids, kid) {
			continue
		}
		if k.to.IsZero() || r.now().Add(time.Minute).Before(k.goesAt()) {
			r.t.Fatalf("%v: the key %s has left the JWKS: %+v", r.now(), kid, k)
		}
		k.gone = true
		r.happened[keyGone]++
	}
}

// goesAt is when a retired key may leave the JWKS.
func (k *key) goesAt() time.Time {
	if k.last.After(k.to) {
		return k.last.Add(keptFor)
	}
	return k.to.Add(keptFor)
}

// signed notes that a key has just signed something.
func (r *keyring) signed(kid string, ends time.Time) {
	r.t.Helper()
	k, now := r.all[kid], r.now()
	if k == nil || k.gone || !k.revoked.IsZero() || !k.to.IsZero() {
		r.t.Fatalf("%v: %s signs: %+v", now, kid, k)
	}
	if ends.After(k.last) {
		k.last = ends
	}
	if kid == r.signer {
		return
	}
	if public := now.Sub(k.seen); public < announced-time.Minute && !k.atOnce {
		r.t.Fatalf("%v: %s signs, and was public for %v", now, kid, public)
	}
	if former := r.all[r.signer]; former != nil {
		former.to = now
		r.happened[r.turn()]++
		if age := now.Sub(former.from); age < signsFor-time.Minute && !r.turned {
			r.t.Fatalf("%v: %s follows on %s after %v", now, kid, r.signer, age)
		}
	}
	k.from, r.signer, r.turned = now, kid, false
}

// turn names why another key signs than before.
func (r *keyring) turn() string {
	if r.turned {
		return keyByHand
	}
	return keyTurn
}

// standby is the one key that has not signed yet.
func (r *keyring) standby() (kid string) {
	r.t.Helper()
	for id, k := range r.all {
		if k.from.IsZero() && k.revoked.IsZero() {
			if kid != "" {
				r.t.Fatalf("%v: %s and %s are announced", r.now(), kid, id)
			}
			kid = id
		}
	}
	if kid == "" {
		r.t.Fatalf("%v: no key is announced", r.now())
	}
	return kid
}

// check holds every key against the time: each has its turn, and goes.
func (r *keyring) check() {
	r.t.Helper()
	r.standby()
	if age := r.now().Sub(r.all[r.signer].from); age > signsFor+slack() {
		r.t.Fatalf("%v: %s has signed for %v", r.now(), r.signer, age)
	}
	for kid, k := range r.all {
		if !k.to.IsZero() && !k.gone && k.revoked.IsZero() && r.now().After(k.goesAt().Add(slack())) {
			r.t.Fatalf("%v: %s is kept: %+v", r.now(), kid, k)
		}
	}
}

// revoke is what the plan does to a key.
func (r *keyring) revoke(kid string) {
	if kid == r.signer {
		r.all[r.standby()].atOnce, r.turned = true, true
	}
	r.all[kid].revoked = r.now()
}

// revokedAs holds the issuer's own list of revoked keys against the plan.
func (r *keyring) revokedAs(published []verify.RevokedKey) {
	r.t.Helper()
	want := 0
	for kid, k := range r.all {
		if k.revoked.IsZero() {
			continue
		}
		want++
		i := slices.IndexFunc(published, func(p verify.RevokedKey) bool { return p.KeyID == kid })
		if i < 0 || published[i].Reason != reason || published[i].RevokedAt.Sub(k.revoked).Abs() > time.Minute {
			r.t.Fatalf("%v: %s was revoked at %v, and published is %+v", r.now(), kid, k.revoked, published)
		}
	}
	if len(published) != want {
		r.t.Fatalf("%v: %d keys are revoked, and published are %+v", r.now(), want, published)
	}
}
