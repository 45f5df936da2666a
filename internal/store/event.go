package store

import (
	"context"

	"cocarde.example/attest"
)

const eventColumns = `kind, public, at, done_by, badge_id, jti, list, idx, token_hash, kid, reason, note`

// record inserts an event, unnumbered.
func (w *writing) record(e attest.Event) error {
	_, err := w.together(insertEvent(e))
	return err
}

func insertEvent(e attest.Event) step {
	return step{`INSERT INTO events (` + eventColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, args(
		e.Kind, public(e.Kind), e.At.UnixMicro(), e.By, e.BadgeID, e.JTI, e.List, e.Index,
		e.TokenHash, e.KID, e.Reason, e.Note)}
}

// public says whether events of the kind are numbered, for the log to carry.
func public(k attest.EventKind) bool {
	switch k {
	case attest.EventIssued, attest.EventSuspended, attest.EventResumed, attest.EventRevoked, attest.EventErased,
		attest.EventKeyAnnounced, attest.EventKeyActivated, attest.EventKeyRetired, attest.EventKeyRevoked, attest.EventKeyGone:
		return true
	}
	return false
}

// NumberEvents implements jobs.Store. It runs several times a second in every
// process, and starts no transaction when there is nothing to number.
func (s *Store) NumberEvents(ctx context.Context) error {
	var some bool
	err := s.reader.read(ctx).row(`SELECT EXISTS (SELECT 1 FROM events WHERE seq IS NULL AND public)`, nil, &some)
	if err != nil || !some {
		return err
	}
	return s.writer.write(ctx, func(w *writing) error {
		if err := w.lock("numbering"); err != nil {
			return err
		}
		var last int64
		if err := w.row(`SELECT `+lastSeq, nil, &last); err != nil {
			return err
		}
		_, err := w.exec(`
			UPDATE events SET seq = n.seq
			FROM (SELECT u.id, $1 + ROW_NUMBER() OVER (ORDER BY u.id) AS seq
			      FROM events u WHERE u.seq IS NULL AND u.public) n
			WHERE events.id = n.id`, last)
		if err == nil {
			err = w.countTaken(last)
		}
		if err != nil || s.recorder == nil {
			return err
		}
		// Last, so that nobody who wants to write waits longer than for one sync.
		return w.recordNumbered(s.recorder, last)
	})
}

// countTaken counts the indices that were taken by the events after one, and
// opens the next list where one is full enough. It is done here and not by each
// issuance, which would all wait for the one row that counts.
func (w *writing) countTaken(after int64) error {
	_, err := w.exec(`
		UPDATE status_lists SET taken = taken + n.more
		FROM (SELECT list, COUNT(*) AS more FROM events WHERE seq > $1 AND kind = 'issued' GROUP BY list) n
		WHERE number = n.list`, after)
	if err != nil {
		return err
	}
	// At 80 % a list is closed: beyond it, choosing at random degenerates.
	_, err = w.exec(`
		INSERT INTO status_lists (number, size, taken)
		SELECT number + 1, size, 0 FROM status_lists WHERE taken * 5 >= size * 4 ON CONFLICT DO NOTHING`)
	return err
}

const lastSeq = `(SELECT COALESCE(MAX(seq), 0) FROM events WHERE seq IS NOT NULL)`

// LastSeq implements statuslist.Store.
func (s *Store) LastSeq(ctx context.Context) (seq int64, err error) {
	err = s.reader.read(ctx).row(`SELECT `+lastSeq, nil, &seq)
	return seq, err
}
