package store

import (
	"strings"
	"time"

	"cocarde.example/internal/record"
	"cocarde.example/keys"
)

// keys leaves each key as it was when the last event about it was numbered: all at
// once, since at most one is active at a time.
func (r *replay) keys(from record.Reading) error {
	last := map[string]*record.Key{}
	for _, e := range from.Events {
		if e.KID != "" && strings.HasPrefix(e.Kind, "key_") {
			last[e.KID] = e.Key
		}
	}
	return r.write(func(w *writing) error {
		for kid := range last {
			if _, err := w.exec(`DELETE FROM signing_keys WHERE kid = $1`, kid); err != nil {
				return err
			}
		}
		for kid, k := range last {
			if k == nil { // gone
				continue
			}
			if err := w.addSigningKey(signingKey(kid, k)); err != nil {
				return err
			}
		}
		return nil
	})
}

// signingKey is a key as its event told of it.
func signingKey(kid string, k *record.Key) keys.Key {
	return keys.Key{
		KID: kid, State: keys.State(k.State), Created: time.UnixMicro(k.CreatedAt), NotBefore: time.UnixMicro(k.NotBefore),
		ActivatedAt: unlessZero(k.ActivatedAt), RetiredAt: unlessZero(k.RetiredAt), RevokedAt: unlessZero(k.RevokedAt),
		Reason: k.Reason, TakenBack: k.TakenBack, JWK: k.Public, Sealed: k.Sealed,
	}
}

func unlessZero(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros)
}

// keepUntil has the key of a lost attestation published until its end.
func (w *writing) keepUntil(e record.Event) error {
	if e.SignedBy == "" { // former versions did not record it
		return nil
	}
	_, err := w.exec(`
		INSERT INTO lost_ends (kid, expires_at) VALUES ($1, $2)
		ON CONFLICT (kid) DO UPDATE SET expires_at = excluded.expires_at WHERE excluded.expires_at > lost_ends.expires_at`,
		e.SignedBy, e.Expires)
	return err
}
