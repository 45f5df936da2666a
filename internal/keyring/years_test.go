package keyring_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/keyring"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

const validity = 180 * day

// years is what strangers saw of an issuer so far.
type years struct {
	*issuer
	t          *testing.T
	published  map[string]time.Time // when a key was first seen in the JWKS
	outOfTurn  map[string]bool      // keys that signed at once: the first, and after a revocation
	tokens     []token
	list       token // the status list that is served
	activeFrom map[string]time.Time
	rotations  int
	verified   []byte // the JWKS under which the tokens were verified last
}

type token struct {
	jws, kid string
	ends     time.Time
	revoked  bool
}

// TestYears lets an issuer run for years, by a clock that goes an hour at a time,
// with outages, rotations and leaks by chance, and holds at each hour what
// strangers see against what was promised to them.
func TestYears(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			runYears(t, rand.New(rand.NewPCG(seed, 5)))
		})
	}
}

func runYears(t *testing.T, chance *rand.Rand) {
	y := &years{
		issuer: newIssuer(t), t: t, published: map[string]time.Time{}, outOfTurn: map[string]bool{}, activeFrom: map[string]time.Time{},
	}
	y.outOfTurn[y.KID()] = true
	for end := began.Add(3 * 365 * day); y.now.Before(end); y.now = y.now.Add(time.Hour) {
		if chance.IntN(24*150) == 0 { // off for some days: nobody reads anything meanwhile
			y.now = y.now.Add(time.Duration(1+chance.IntN(20)) * day)
		}
		switch chance.IntN(24 * 100) {
		case 0:
			y.rotate()
		case 1:
			y.leak(chance)
		}
		y.beat(t)
		if chance.IntN(6) == 0 || !y.signs(y.list.kid) || !y.now.Before(y.list.ends.Add(-time.Hour)) {
			y.list = y.sign(day)
		}
		if chance.IntN(12) == 0 {
			y.issue()
		}
		y.hold()
	}
	if y.rotations < 8 {
		t.Errorf("%d rotations in three years", y.rotations)
	}
}

// signs says whether a key is the active one.
func (y *years) signs(kid string) bool { return y.KID() == kid }

func (y *years) sign(life time.Duration) token {
	y.t.Helper()
	jws, kid, err := y.Sign("test", []byte(`{"at":"`+y.now.String()+`"}`))
	must(y.t, err)
	return token{jws: jws, kid: kid, ends: y.now.Add(life)}
}

func (y *years) issue() {
	k := y.sign(validity)
	y.tokens = append(y.tokens, k)
	signed := keyring.Signed{Attestation: attest.Attestation{JTI: k.jws, KID: k.kid, ExpiresAt: k.ends}, Latest: true}
	signed.Badge.ID, signed.Badge.Mailbox = k.jws, []byte("sealed")
	y.store.signed[k.kid] = append(y.store.signed[k.kid], signed)
}

// rotate is the operator's: it is refused while the standby is too new.
func (y *years) rotate() {
	y.t.Helper()
	all, err := y.List(y.t.Context())
	must(y.t, err)
	early := y.now.Before(keys.Standby(all).NotBefore)
	if _, err := y.Rotate(y.t.Context()); early != (fault.Code(err) == "key_too_new") || !early && err != nil {
		y.t.Fatalf("early %v: %v", early, err)
	}
}

// leak revokes a key, whichever.
func (y *years) leak(chance *rand.Rand) {
	y.t.Helper()
	all, err := y.List(y.t.Context())
	must(y.t, err)
	k := all[chance.IntN(len(all))]
	if k.State == keys.Active {
		y.outOfTurn[keys.Standby(all).KID] = true
	}
	_, err = y.Revoke(y.t.Context(), k.KID, "leaked") // and the rest is left to the job
	must(y.t, err)
	for i := range y.tokens {
		y.tokens[i].revoked = y.tokens[i].revoked || y.tokens[i].kid == k.KID
	}
	if y.list.kid == k.KID {
		y.list = token{} // a verifier asks for another
	}
}

// hold checks what strangers see.
func (y *years) hold() {
	t := y.t
	t.Helper()
	store := y.store.keys
	if count(store, keys.Active) != 1 || count(store, keys.Announced) != 1 {
		t.Fatalf("%v: %d keys are active, %d announced", y.now, count(store, keys.Active), count(store, keys.Announced))
	}
	for kid, k := range store {
		if shown := y.publishes(kid); shown != (k.State != keys.Revoked) {
			t.Fatalf("%v: a key that is %s is published: %v", y.now, k.State, shown)
		}
		if _, seen := y.published[kid]; !seen {
			y.published[kid] = y.now
		}
	}
	y.holdActive()
	if !y.publishes(y.list.kid) || !y.now.Before(y.list.ends) {
		t.Fatalf("%v: the list of %s until %v cannot be believed", y.now, y.list.kid, y.list.ends)
	}
	live := y.tokens[:0]
	for _, k := range y.tokens {
		if !y.now.Before(k.ends) {
			continue
		}
		live = append(live, k)
		if y.publishes(k.kid) == k.revoked {
			t.Fatalf("%v: revoked %v, its key is published: %v", y.now, k.revoked, !k.revoked)
		}
	}
	y.tokens = live
	y.verifyAll()
}

// holdActive: what signs was published long enough, and does not sign too long.
func (y *years) holdActive() {
	kid := y.KID()
	if _, known := y.activeFrom[kid]; !known {
		y.activeFrom[kid] = y.now
		y.rotations++
		if known := y.now.Sub(y.published[kid]); known < keys.AnnounceFor && !y.outOfTurn[kid] {
			y.t.Fatalf("%v: %s signs and was published for %v", y.now, kid, known)
		}
	}
	if age := y.now.Sub(y.activeFrom[kid]); age > keys.ActiveFor+time.Hour {
		y.t.Fatalf("%v: %s has signed for %v", y.now, kid, age)
	}
}

// verifyAll checks signatures, each time that the JWKS has changed.
func (y *years) verifyAll() {
	if bytes.Equal(y.jwks, y.verified) {
		return
	}
	y.verified = y.jwks
	for n, k := range append([]token{y.list}, y.tokens...) {
		if n%20 != 0 {
			continue // the others were found to have their key
		}
		if err := signedBy(y.jwks, k); (err == nil) == k.revoked {
			y.t.Fatalf("%v: revoked %v, and verified with %v", y.now, k.revoked, err)
		}
	}
	for kid := range y.store.signed {
		for _, s := range y.store.signed[kid] {
			if revoked := y.store.keys[kid].State == keys.Revoked; revoked && s.ExpiresAt.After(y.now) && s.Badge.Status != verify.Revoked {
				y.t.Fatalf("%v: a badge outlives its revoked key", y.now)
			}
		}
	}
}
