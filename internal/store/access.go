package store

import (
	"context"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// standing keeps a badge from being erased until the transaction ends; ErrNotFound
// if it is already.
func (w *writing) standing(badgeID string) error {
	if err := w.lock("badge " + badgeID); err != nil {
		return err
	}
	return w.row(`SELECT id FROM badges WHERE id = $1 AND erased_at IS NULL`, args(badgeID), &badgeID)
}

// AddAccess implements attest.AccessStore.
func (s *Store) AddAccess(ctx context.Context, r attest.Request, mail *attest.OutboxEntry) error {
	return s.writer.write(ctx, func(w *writing) error {
		if err := w.addRequest(r); err != nil {
			return err
		}
		return w.send(mail)
	})
}

// ProveAccess implements attest.AccessStore.
func (s *Store) ProveAccess(ctx context.Context, id string, at time.Time) error {
	return s.writer.write(ctx, func(w *writing) error {
		err := w.change(`
			UPDATE requests SET state = 'proven', account_proof_at = $2
			WHERE id = $1 AND state = 'awaiting_account_proof' AND purpose = 'access' AND expires_at > $2`, id, at.UnixMicro())
		if err != nil {
			return err
		}
		return w.dropSignIn(id)
	})
}

// maxRequests bounds how many requests about one badge are looked at.
const maxRequests = 1000

// ProvenAbout implements attest.AccessStore.
func (s *Store) ProvenAbout(ctx context.Context, badgeID string) ([]attest.Request, error) {
	return scanRequests(s.reader.read(ctx), `WHERE badge_id = $1 AND state IN ('proven', 'issued') ORDER BY created_at DESC LIMIT $2`, badgeID, maxRequests)
}

// AttestationsUnder implements attest.AccessStore.
func (s *Store) AttestationsUnder(ctx context.Context, badgeID string) ([]attest.Recorded, error) {
	var all []attest.Recorded
	err := s.reader.read(ctx).each(`
		SELECT a.jti, a.kid, a.list, a.idx, a.issued_at, a.expires_at, s.status
		FROM attestations a JOIN status_entries s ON s.list = a.list AND s.idx = a.idx
		WHERE a.badge_id = $1 ORDER BY a.issued_at, a.jti`, args(badgeID), func(row scanner) error {
		r := attest.Recorded{Attestation: attest.Attestation{BadgeID: badgeID}}
		a := &r.Attestation
		err := row.Scan(&a.JTI, &a.KID, &a.List, &a.Index, moment{&a.IssuedAt}, moment{&a.ExpiresAt}, &r.Status)
		all = append(all, r)
		return err
	})
	return all, err
}

// ActsOn implements attest.AccessStore.
func (s *Store) ActsOn(ctx context.Context, badgeID string) ([]attest.Event, error) {
	var all []attest.Event
	err := s.reader.read(ctx).each(`
		SELECT COALESCE(seq, 0), kind, at, done_by, jti, list, idx, reason, note FROM events
		WHERE badge_id = $1 AND kind IN ('suspended', 'resumed', 'revoked', 'erased') ORDER BY id`, args(badgeID), func(row scanner) error {
		e := attest.Event{BadgeID: badgeID}
		err := row.Scan(&e.Seq, &e.Kind, moment{&e.At}, &e.By, &e.JTI, &e.List, &e.Index, &e.Reason, &e.Note)
		all = append(all, e)
		return err
	})
	return all, err
}

// Erase implements attest.AccessStore.
func (s *Store) Erase(ctx context.Context, badgeID string, at time.Time) error {
	return s.writer.write(ctx, func(w *writing) error {
		if err := w.standing(badgeID); err != nil {
			return err
		}
		if _, err := w.exec(`UPDATE badges SET jti = jti WHERE id = $1`, badgeID); err != nil { // no renewal from here on
			return err
		}
		if err := w.revokeAll(badgeID, at); err != nil {
			return err
		}
		if err := w.forget(badgeID, at); err != nil {
			return err
		}
		return w.record(attest.Event{Kind: attest.EventErased, At: at, By: "agent", BadgeID: badgeID, Reason: attest.AgentsWish})
	})
}

// revokeAll revokes every attestation under a badge, those that have ended too.
func (w *writing) revokeAll(badgeID string, at time.Time) error {
	_, err := w.exec(`
		INSERT INTO events (`+eventColumns+`)
		SELECT $3, TRUE, $2, 'agent', b.id, a.jti, a.list, a.idx, a.token_hash, '', $4, NULL
		FROM badges b JOIN attestations a ON a.badge_id = b.id JOIN status_entries s ON s.list = a.list AND s.idx = a.idx
		WHERE b.id = $1 AND s.status <> $5 ORDER BY a.issued_at, a.jti`,
		badgeID, at.UnixMicro(), attest.EventRevoked, attest.AgentsWish, verify.Revoked)
	if err != nil {
		return err
	}
	_, err = w.exec(`
		UPDATE status_entries SET status = $2 WHERE (list, idx) IN (SELECT list, idx FROM attestations WHERE badge_id = $1)`,
		badgeID, verify.Revoked)
	return err
}

// unfinishedOf finds the account's own requests for a badge that have come to none, while
// the badge's row names the account still.
const unfinishedOf = `purpose = 'issue' AND state <> 'issued' AND actor_id = (SELECT actor_id FROM badges WHERE id = $1)`

// forget destroys what says whom a badge names: in its row, with the key under which
// the notes about it are sealed, in requests about it, in those that the account has not
// ended, and in mails that wait.
func (w *writing) forget(badgeID string, at time.Time) error {
	_, err := w.together(
		step{`DELETE FROM outbox WHERE request_id <> '' AND request_id IN (SELECT id FROM requests WHERE ` + unfinishedOf + `)`, args(badgeID)},
		step{`DELETE FROM requests WHERE ` + unfinishedOf, args(badgeID)},
		step{`UPDATE badges SET actor_id = '', actor_url = '', actor_host = '', handle = '', handle_key = '', own_key = $2,
			mailbox = $2, mailbox_key = $2, agency_domain = '', agency_name = '', agency_country = '', lang = '', listed = FALSE,
			account_vrf = NULL, agency_vrf = NULL, token = '', holds = FALSE, erased_at = $3,
			changed_at = CASE WHEN status = 1 THEN changed_at ELSE $3 END, status = 1 WHERE id = $1`,
			args(badgeID, []byte{}, at.UnixMicro())},
		step{`UPDATE events SET note = NULL WHERE badge_id = $1 AND kind IN ('suspended', 'resumed', 'revoked', 'erased')`, args(badgeID)},
		step{`DELETE FROM outbox WHERE badge_id = $1 AND badge_id <> ''`, args(badgeID)},
		step{`DELETE FROM requests WHERE badge_id = $1`, args(badgeID)},
	)
	return err
}
