package keys

import (
	"cmp"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// ErrNoActiveKey says that no key of the ring may sign.
var ErrNoActiveKey = errors.New("keys: no key is active")

// Ring is what the issuer's keys were at one moment. It never changes: after a
// rotation or a revocation a new one is made. Safe for concurrent use.
type Ring struct {
	redacted
	activeKID string
	active    crypto.Signer
	jwks      []byte
	revoked   []Key
}

// NewRing checks the keys, opens the active one and encodes the JWKS. At most
// one key may be active. open gives the signer that stands behind a key: for a
// sealed key, its Open; for another, what holds it.
func NewRing(all []Key, open func(Key) (crypto.Signer, error)) (*Ring, error) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Key) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.KID, b.KID))
	})
	r := &Ring{}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	seen := make(map[string]bool, len(all))
	for _, k := range all {
		if seen[k.KID] {
			return nil, fmt.Errorf("keys: the key %s stands twice in the ring", k.KID)
		}
		seen[k.KID] = true
		pub, err := k.public()
		if err != nil {
			return nil, err
		}
		switch k.State {
		case Active:
			if err := r.activate(k, open); err != nil {
				return nil, err
			}
		case Announced, Retired:
		case Revoked:
			r.revoked = append(r.revoked, k)
			continue
		default:
			return nil, fmt.Errorf("keys: the key %s has the unknown state %q", k.KID, k.State)
		}
		set.Keys = append(set.Keys, *publicJWK(pub, k.KID))
	}
	var err error
	r.jwks, err = json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("keys: encode the JWKS: %w", err)
	}
	return r, nil
}

func (r *Ring) activate(k Key, open func(Key) (crypto.Signer, error)) error {
	if r.active != nil {
		return fmt.Errorf("keys: %s and %s are both active", r.activeKID, k.KID)
	}
	signer, err := open(k)
	if err != nil {
		return err
	}
	if kid, err := Thumbprint(signer.Public()); err != nil || kid != k.KID {
		return fmt.Errorf("keys: what signs for %s holds another key", k.KID)
	}
	r.active, r.activeKID = signer, k.KID
	return nil
}

// Active gives the key that signs now, or ErrNoActiveKey.
func (r *Ring) Active() (kid string, _ crypto.Signer, _ error) {
	if r.active == nil {
		return "", nil, ErrNoActiveKey
	}
	return r.activeKID, r.active, nil
}

// JWKS gives the JWK Set (RFC 7517) of the announced, active and retired keys,
// oldest first: the same bytes for the same keys, public members only. The
// caller must not change them.
func (r *Ring) JWKS() []byte { return r.jwks }

// Revoked gives the revoked keys, oldest first, for the issuer metadata.
func (r *Ring) Revoked() []Key { return slices.Clone(r.revoked) }
