package store

import (
	"context"

	"cocarde.example/attest"
)

const eventColumns = `kind, public, at, done_by, badge_id, jti, list, idx, token_hash, account_vrf, agency_vrf, kid, reason, note`

// record inserts an event, unnumbered.
func (w *writing) record(e attest.Event) error {
	_, err := w.exec(`INSERT INTO events (`+eventColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		e.Kind, public(e.Kind), e.At.UnixMicro(), e.By, e.BadgeID, e.JTI, e.List, e.Index,
		e.TokenHash, e.AccountVRF, e.AgencyVRF, e.KID, e.Reason, e.Note)
	return err
}

// public says whether events of the kind are numbered, for the log to carry.
func public(k attest.EventKind) bool {
	switch k {
	case attest.EventIssued, attest.EventSuspended, attest.EventResumed, attest.EventRevoked, attest.EventKeyAnnounced:
		return true
	}
	return false
}

// NumberEvents implements jobs.Store. It runs several times a second, and starts
// no transaction when there is nothing to number.
func (s *Store) NumberEvents(ctx context.Context) error {
	var some bool
	err := s.reader.read(ctx).row(`SELECT EXISTS (SELECT 1 FROM events WHERE seq IS NULL AND public)`, nil, &some)
	if err != nil || !some {
		return err
	}
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`
			UPDATE events SET seq = n.seq
			FROM (SELECT u.id, ` + lastSeq + ` + ROW_NUMBER() OVER (ORDER BY u.id) AS seq
			      FROM events u WHERE u.seq IS NULL AND u.public) n
			WHERE events.id = n.id`)
		return err
	})
}

const lastSeq = `(SELECT COALESCE(MAX(seq), 0) FROM events WHERE seq IS NOT NULL)`

// LastSeq implements statuslist.Store.
func (s *Store) LastSeq(ctx context.Context) (seq int64, err error) {
	err = s.reader.read(ctx).row(`SELECT `+lastSeq, nil, &seq)
	return seq, err
}
