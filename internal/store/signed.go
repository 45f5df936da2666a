package store

import (
	"context"

	"cocarde.example/internal/keyring"
)

const findSigned = `
	SELECT a.jti, a.kid, a.list, a.idx, a.issued_at, a.expires_at, b.jti = a.jti, b.id, b.actor_id, b.actor_host, b.handle, b.agency_domain, b.own_key, b.mailbox, b.lang, b.status
	FROM attestations a JOIN badges b ON b.id = a.badge_id
	WHERE a.kid = $1 AND (a.expires_at, a.jti) > ($2, $3) `

// takenBack keeps the badges that were revoked with the key: events tell by their reason that a
// key was at fault, and by their order that it was this one, whatever the clocks said. The
// record keeps no reasons: of what a replay gave back, the order alone tells. Some conditions
// only say which index serves.
const takenBack = `
	AND b.jti = a.jti AND b.erased_at IS NULL AND EXISTS (
		SELECT 1 FROM events e WHERE e.badge_id = b.id AND e.jti = a.jti AND (e.reason = 'key_compromised' OR e.done_by = 'record')
			AND e.kind IN ('suspended', 'resumed', 'revoked', 'erased') AND e.kind = 'revoked'
			AND e.id > (SELECT MIN(id) FROM (
				SELECT id FROM events WHERE kid = $1 AND kind = 'key_revoked' AND seq IS NOT NULL
					AND kind IN ('key_announced', 'key_activated', 'key_retired', 'key_revoked', 'key_gone')
				UNION ALL SELECT id FROM events WHERE kid = $1 AND kind = 'key_revoked' AND seq IS NULL AND public) AS k)) `

const inOrderOfEnds = `ORDER BY a.expires_at, a.jti LIMIT $4`

// SignedBy implements keyring.Store.
func (s *Store) SignedBy(ctx context.Context, kid string, after keyring.Mark, limit int) ([]keyring.Signed, error) {
	return s.signed(ctx, findSigned+inOrderOfEnds, kid, after, limit)
}

// TakenBack implements keyring.Store.
func (s *Store) TakenBack(ctx context.Context, kid string, after keyring.Mark, limit int) ([]keyring.Signed, error) {
	return s.signed(ctx, findSigned+takenBack+inOrderOfEnds, kid, after, limit)
}

func (s *Store) signed(ctx context.Context, text, kid string, after keyring.Mark, limit int) ([]keyring.Signed, error) {
	var all []keyring.Signed
	err := s.reader.read(ctx).each(text, args(kid, after.ExpiresAt.UnixMicro(), after.JTI, limit), func(row scanner) error {
		var r keyring.Signed
		b, a := &r.Badge, &r.Attestation
		err := row.Scan(&a.JTI, &a.KID, &a.List, &a.Index, moment{&a.IssuedAt}, moment{&a.ExpiresAt}, &r.Latest, &b.ID, &b.Actor.ID, host{&b.Actor.Host},
			handle{&b.Actor.Handle}, &b.Agency.Domain, &b.OwnKey, &b.Mailbox, &b.Lang, &b.Status)
		a.BadgeID = b.ID
		all = append(all, r)
		return err
	})
	return all, err
}
