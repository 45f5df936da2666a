package store

import (
	"context"
	"errors"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/keyring"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

// issuing is the name of the lock that issuances share, and that whoever changes
// the keys has alone: so that once a key is revoked, all that it signed is seen.
const issuing = "issuing"

const signingKeyColumns = `kid, state, created_at, not_before, activated_at, retired_at, revoked_at, reason, taken_back, public_jwk, sealed`

func signingKeys(q queries) ([]keys.Key, error) {
	var all []keys.Key
	err := q.each(`SELECT `+signingKeyColumns+` FROM signing_keys ORDER BY created_at, kid`, nil, func(row scanner) error {
		var k keys.Key
		err := row.Scan(&k.KID, &k.State, moment{&k.Created}, moment{&k.NotBefore}, moment{&k.ActivatedAt}, moment{&k.RetiredAt},
			moment{&k.RevokedAt}, &k.Reason, &k.TakenBack, &k.JWK, &k.Sealed)
		all = append(all, k)
		return err
	})
	return all, err
}

func (w *writing) addSigningKey(k keys.Key) error {
	return w.must(keyring.ErrChanged, `
		INSERT INTO signing_keys (`+signingKeyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
		k.KID, k.State, k.Created.UnixMicro(), k.NotBefore.UnixMicro(), micros(k.ActivatedAt), micros(k.RetiredAt), micros(k.RevokedAt),
		k.Reason, k.TakenBack, k.JWK, k.Sealed)
}

// SigningKeys implements keyring.Store.
func (s *Store) SigningKeys(ctx context.Context) ([]keys.Key, error) {
	return signingKeys(s.reader.read(ctx))
}

// LastKeyEvent implements keyring.Store. It is asked several times a second in
// every process.
func (s *Store) LastKeyEvent(ctx context.Context) (seq int64, err error) {
	err = s.reader.read(ctx).row(`
		SELECT COALESCE(MAX(seq), 0) FROM events
		WHERE kind IN ('key_announced', 'key_activated', 'key_retired', 'key_revoked', 'key_gone') AND seq IS NOT NULL`, nil, &seq)
	return seq, err
}

// LastExpiry implements keyring.Store.
func (s *Store) LastExpiry(ctx context.Context, kid string) (end time.Time, err error) {
	err = s.reader.read(ctx).row(`
		SELECT MAX(ends) FROM (
			SELECT MAX(expires_at) AS ends FROM attestations WHERE kid = $1
			UNION ALL SELECT expires_at FROM lost_ends WHERE kid = $1) AS e`, args(kid), moment{&end})
	return end, err
}

// LastEnd gives the latest end of all attestations, of those that are revoked too; the zero time if
// there is none, or all of them ended so long ago that their keys are gone.
func (s *Store) LastEnd(ctx context.Context) (end time.Time, err error) {
	err = s.reader.read(ctx).row(`
		SELECT MAX(ends) FROM (
			SELECT (SELECT MAX(expires_at) FROM attestations a WHERE a.kid = k.kid) AS ends FROM signing_keys k
			UNION ALL SELECT l.expires_at FROM lost_ends l JOIN signing_keys k ON k.kid = l.kid) AS e`,
		nil, moment{&end})
	return end, err
}

// ChangeKeys implements keyring.Store.
func (s *Store) ChangeKeys(ctx context.Context, changes []keyring.Change) error {
	return s.writer.write(ctx, func(w *writing) error {
		if err := w.lock(issuing); err != nil {
			return err
		}
		for _, c := range changes {
			if err := w.changeKey(c.From, c.Key); err != nil {
				return err
			}
			if err := w.record(c.Event); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *writing) changeKey(from keys.State, k keys.Key) error {
	switch {
	case from == keys.Unborn:
		return w.addSigningKey(k)
	case k.State == keys.Gone:
		if _, err := w.exec(`DELETE FROM lost_ends WHERE kid = $1`, k.KID); err != nil {
			return err
		}
		return w.must(keyring.ErrChanged, `DELETE FROM signing_keys WHERE kid = $1 AND state = $2`, k.KID, from)
	}
	return w.must(keyring.ErrChanged, `
		UPDATE signing_keys SET state = $3, activated_at = $4, retired_at = $5, revoked_at = $6, reason = $7, sealed = $8
		WHERE kid = $1 AND state = $2`,
		k.KID, from, k.State, micros(k.ActivatedAt), micros(k.RetiredAt), micros(k.RevokedAt), k.Reason, k.Sealed)
}

// TakeBack implements keyring.Store.
func (s *Store) TakeBack(ctx context.Context, at time.Time, by string, all []keyring.Taking) error {
	return s.writer.write(ctx, func(w *writing) error {
		for _, t := range all {
			if err := w.takeBack(at, by, t); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *writing) takeBack(at time.Time, by string, t keyring.Taking) error {
	// It changes nothing, and keeps the badge from being renewed or revoked meanwhile.
	var goes bool // the badge, too
	err := w.row(`UPDATE badges SET jti = jti WHERE id = $1 RETURNING jti = $2 AND status <> $3 AND expires_at > $4`,
		args(t.BadgeID, t.JTI, verify.Revoked, at.UnixMicro()), &goes)
	if err != nil && !errors.Is(err, attest.ErrNotFound) {
		return err
	}
	if !goes {
		return w.revokeOne(at, by, t.JTI)
	}
	_, err = w.changeStatus(attest.StatusChange{BadgeID: t.BadgeID, To: verify.Revoked, At: at, By: by, Reason: attest.KeyCompromised})
	if err != nil {
		return err
	}
	return w.send(t.Mail)
}

// revokeOne revokes one attestation that has not ended, and leaves its badge alone.
func (w *writing) revokeOne(at time.Time, by, jti string) error {
	changed, err := w.exec(`
		UPDATE status_entries SET status = $3 WHERE status <> $3 AND (list, idx) IN
			(SELECT list, idx FROM attestations WHERE jti = $1 AND expires_at > $2)`, jti, at.UnixMicro(), verify.Revoked)
	if err != nil || changed == 0 {
		return err
	}
	_, err = w.exec(`
		INSERT INTO events (`+eventColumns+`)
		SELECT $2, TRUE, $3, $4, badge_id, jti, list, idx, token_hash, '', $5, NULL FROM attestations WHERE jti = $1`,
		jti, attest.EventRevoked, at.UnixMicro(), by, attest.KeyCompromised)
	return err
}

// AllTakenBack implements keyring.Store.
func (s *Store) AllTakenBack(ctx context.Context, kid string) error {
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`UPDATE signing_keys SET taken_back = TRUE WHERE kid = $1 AND state = $2`, kid, keys.Revoked)
		return err
	})
}

// Rewrap implements keyring.Store.
func (s *Store) Rewrap(ctx context.Context, former, wrapped map[string][]byte) error {
	return s.writer.write(ctx, func(w *writing) error {
		var stand int
		if err := w.row(`SELECT COUNT(*) FROM data_keys`, nil, &stand); err != nil {
			return err
		}
		if stand != len(wrapped) {
			return keyring.ErrChanged
		}
		for name, key := range wrapped {
			err := w.must(keyring.ErrChanged, `UPDATE data_keys SET wrapped = $3 WHERE name = $1 AND wrapped = $2`, name, former[name], key)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
