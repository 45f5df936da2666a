package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/verify"
)

// findPublished gives badges with their latest attestations, whose parts stand in
// the badge's row.
const findPublished = `
	SELECT b.id, b.kind, b.actor_id, b.actor_url, b.actor_host, b.handle, b.agency_domain, b.agency_name, b.agency_country,
		b.own_key, b.mailbox, b.mailbox_key, b.lang, b.listed, b.status, b.created_at, b.changed_at, b.mailbox_proof_at, b.account_vrf, b.agency_vrf,
		b.jti, b.token, b.kid, b.list, b.idx, b.issued_at, b.expires_at
	FROM badges b `

func intoPublished(p *attest.Published) []any {
	b, a := &p.Badge, &p.Attestation
	return []any{&b.ID, &b.Kind, &b.Actor.ID, &b.Actor.URL, host{&b.Actor.Host}, handle{&b.Actor.Handle},
		&b.Agency.Domain, &b.Agency.Name, &b.Agency.Country, &b.OwnKey, &b.Mailbox, &b.MailboxKey, &b.Lang, &b.Listed, &b.Status,
		moment{&b.CreatedAt}, moment{&b.ChangedAt}, moment{&b.MailboxProofAt}, &b.AccountVRF, &b.AgencyVRF,
		&a.JTI, &a.Token, &a.KID, &a.List, &a.Index, moment{&a.IssuedAt}, moment{&a.ExpiresAt}}
}

func (s *Store) published(ctx context.Context, where string, a ...any) (attest.Published, error) {
	var p attest.Published
	if err := s.reader.read(ctx).row(findPublished+where, a, intoPublished(&p)...); err != nil {
		return attest.Published{}, err
	}
	p.Attestation.BadgeID = p.Badge.ID
	return p, nil
}

// Badge implements attest.BadgeStore. What is erased is not there.
func (s *Store) Badge(ctx context.Context, id string) (attest.Published, error) {
	return s.published(ctx, `WHERE b.id = $1 AND b.erased_at IS NULL`, id)
}

// BadgeOfAccount implements attest.BadgeStore. A suspended badge that has not
// expired is given too: it stands in the way of another as a valid one does.
func (s *Store) BadgeOfAccount(ctx context.Context, actorID string, now time.Time) (attest.Published, error) {
	return s.published(ctx, `WHERE b.holds AND b.actor_id = $1 AND b.expires_at > $2`, actorID, now.UnixMicro())
}

// BadgeOfMailbox implements attest.BadgeStore. A suspended badge that has not
// expired is given too: a new one for the mailbox replaces it as it does a valid one.
func (s *Store) BadgeOfMailbox(ctx context.Context, mailboxKey []byte, now time.Time) (attest.Published, error) {
	return s.published(ctx, `WHERE b.holds AND b.mailbox_key = $1 AND b.expires_at > $2`, mailboxKey, now.UnixMicro())
}

// BadgeOfHandle implements attest.BadgeStore. One that holds its account comes first:
// by a clock that ran ahead for a while, one that has ended may seem to be the newest.
func (s *Store) BadgeOfHandle(ctx context.Context, h acct.Handle) (attest.Published, error) {
	return s.published(ctx, `WHERE b.listed AND b.handle_key = $1 ORDER BY b.holds DESC, b.created_at DESC, b.id DESC LIMIT 1`, h.Key())
}

// maxBadges bounds one list of badges.
const maxBadges = 1000

// Badges implements attest.BadgeStore. A limit out of its range is the nearest in it.
func (s *Store) Badges(ctx context.Context, f attest.BadgeFilter) ([]attest.Published, error) {
	where := []string{"b.id > $1", "b.erased_at IS NULL"}
	values := args(f.After)
	narrow := func(column string, value any) {
		values = append(values, value)
		where = append(where, column+" = $"+strconv.Itoa(len(values)))
	}
	if f.Handle != (acct.Handle{}) {
		narrow("b.handle_key", f.Handle.Key())
	}
	if f.Domain != "" {
		narrow("b.agency_domain", f.Domain)
	}
	if f.Status != nil {
		narrow("b.status", *f.Status)
	}
	values = append(values, min(max(f.Limit, 1), maxBadges))
	text := findPublished + "WHERE " + strings.Join(where, " AND ") + " ORDER BY b.id LIMIT $" + strconv.Itoa(len(values))

	var found []attest.Published
	err := s.reader.read(ctx).each(text, values, func(row scanner) error {
		var p attest.Published
		err := row.Scan(intoPublished(&p)...)
		p.Attestation.BadgeID = p.Badge.ID
		found = append(found, p)
		return err
	})
	return found, err
}

// ChangeStatus implements attest.BadgeStore.
func (s *Store) ChangeStatus(ctx context.Context, c attest.StatusChange) (changed bool, err error) {
	err = s.writer.write(ctx, func(w *writing) (err error) {
		changed, err = w.changeStatus(c)
		return err
	})
	return changed && err == nil, err
}

// changeStatus changes the badge, the status entries of its attestations that
// have not ended, and records an event for each of these.
func (w *writing) changeStatus(c attest.StatusChange) (changed bool, err error) {
	event, err := eventOf(c.To)
	if err != nil {
		return false, err
	}
	revoked := c.To == verify.Revoked
	rows, err := w.exec(`
		UPDATE badges SET status = $2, changed_at = $3, holds = holds AND NOT $4
		WHERE id = $1 AND status <> $2 AND status <> $5 AND erased_at IS NULL`,
		c.BadgeID, c.To, c.At.UnixMicro(), revoked, verify.Revoked)
	if err != nil {
		return false, err
	}
	if rows == 0 {
		return false, w.whyUnchanged(c)
	}
	// What was revoked with its key stays so, whatever becomes of its badge.
	recorded, err := w.exec(`
		INSERT INTO events (`+eventColumns+`)
		SELECT $3, TRUE, $2, $4, b.id, a.jti, a.list, a.idx, a.token_hash, '', $5, $6
		FROM badges b JOIN attestations a ON a.badge_id = b.id JOIN status_entries s ON s.list = a.list AND s.idx = a.idx
		WHERE b.id = $1 AND a.expires_at > $2 AND s.status <> $7 ORDER BY a.issued_at, a.jti`,
		c.BadgeID, c.At.UnixMicro(), event, c.By, c.Reason, c.Note, verify.Revoked)
	if err != nil {
		return false, err
	}
	if recorded == 0 {
		return false, attest.ErrEnded // no act without an event
	}
	_, err = w.exec(`
		UPDATE status_entries SET status = $3 WHERE status <> $4 AND (list, idx) IN
			(SELECT list, idx FROM attestations WHERE badge_id = $1 AND expires_at > $2)`,
		c.BadgeID, c.At.UnixMicro(), c.To, verify.Revoked)
	if err == nil {
		err = w.send(c.Mail)
	}
	return err == nil, err
}

// whyUnchanged tells a badge that has the status already from one that cannot get it.
func (w *writing) whyUnchanged(c attest.StatusChange) error {
	var status verify.Status
	if err := w.row(`SELECT status FROM badges WHERE id = $1 AND erased_at IS NULL`, args(c.BadgeID), &status); err != nil {
		return err
	}
	if status != c.To {
		return attest.ErrRevoked
	}
	return nil
}

func eventOf(to verify.Status) (attest.EventKind, error) {
	switch to {
	case verify.Valid:
		return attest.EventResumed, nil
	case verify.Suspended:
		return attest.EventSuspended, nil
	case verify.Revoked:
		return attest.EventRevoked, nil
	}
	return "", errors.New("no such status")
}
