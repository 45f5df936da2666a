package store

import (
	"context"

	"cocarde.example/internal/record"
)

// Recorder keeps outside of the database what is about to be published.
type Recorder interface {
	// Number records events with the numbers that they are about to get; they are
	// durable once it returns nil.
	Number(events []record.Event) error
}

// RecordTo makes NumberEvents record what it numbers, before it commits: nobody
// sees an event that the record lacks. It is called before the store is used.
func (s *Store) RecordTo(r Recorder) { s.recorder = r }

// recordNumbered records the events after one. A numbering that then fails to
// commit is done again, and recorded again.
func (w *writing) recordNumbered(r Recorder, after int64) error {
	events, err := numbered(w, after)
	if err != nil || len(events) == 0 {
		return err
	}
	return r.Number(events)
}

func numbered(q queries, after int64) (events []record.Event, err error) {
	err = q.each(`
		SELECT e.seq, e.id, e.kind, e.at, e.badge_id, e.jti, e.list, e.idx, e.token_hash, e.kid,
			k.state, k.created_at, k.not_before, COALESCE(k.activated_at, 0), COALESCE(k.retired_at, 0),
			COALESCE(k.revoked_at, 0), k.reason, k.taken_back, k.public_jwk, k.sealed,
			COALESCE(a.kid, ''), COALESCE(a.expires_at, 0)
		FROM events e LEFT JOIN signing_keys k ON k.kid = e.kid AND e.kind LIKE 'key\_%' ESCAPE '\'
			LEFT JOIN attestations a ON a.jti = e.jti AND e.kind = 'issued'
		WHERE e.seq > $1 ORDER BY e.seq`, args(after), func(row scanner) error {
		var e record.Event
		var k nullKey
		err := row.Scan(&e.Seq, &e.ID, &e.Kind, &e.At, &e.Badge, &e.JTI, &e.List, &e.Index, &e.TokenHash, &e.KID,
			&k.state, &k.createdAt, &k.notBefore, &k.activatedAt, &k.retiredAt, &k.revokedAt, &k.reason,
			&k.takenBack, &k.public, &k.sealed, &e.SignedBy, &e.Expires)
		e.Key = k.key()
		events = append(events, e)
		return err
	})
	return events, err
}

// nullKey is a key's row where there may be none.
type nullKey struct {
	state, reason                                           *string
	createdAt, notBefore, activatedAt, retiredAt, revokedAt *int64
	takenBack                                               *bool
	public, sealed                                          []byte
}

func (k nullKey) key() *record.Key {
	if k.state == nil {
		return nil
	}
	return &record.Key{
		State: *k.state, CreatedAt: *k.createdAt, NotBefore: *k.notBefore, ActivatedAt: *k.activatedAt, RetiredAt: *k.retiredAt, RevokedAt: *k.revokedAt,
		Reason: *k.reason, TakenBack: *k.takenBack, Public: k.public, Sealed: k.sealed,
	}
}

// RecordNamed gives the id of the record that the database names; empty if it
// names none yet.
func (s *Store) RecordNamed(ctx context.Context) (id string, err error) {
	err = s.reader.read(ctx).row(`SELECT record FROM meta`, nil, &id)
	return id, err
}

// NameRecord makes the database name a record in place of the one that it names.
// Of two processes that do so at once, one does, and ErrFounded is the other's.
func (s *Store) NameRecord(ctx context.Context, from, to string) error {
	return s.writer.write(ctx, func(w *writing) error {
		return w.must(ErrFounded, `UPDATE meta SET record = $2 WHERE record = $1`, from, to)
	})
}

// Holds says whether the database has every one of these events, numbered or not.
func (s *Store) Holds(ctx context.Context, events []record.Event) (bool, error) {
	q := s.reader.read(ctx)
	for _, e := range events {
		if there, err := holds(q, e); err != nil || !there {
			return false, err
		}
	}
	return true, nil
}

func holds(q queries, e record.Event) (there bool, err error) {
	err = q.row(`SELECT EXISTS (SELECT 1 FROM events WHERE id = $1 AND kind = $2 AND at = $3 AND jti = $4 AND kid = $5)`,
		args(e.ID, e.Kind, e.At, e.JTI, e.KID), &there)
	return there, err
}

// listsApart is by how much the next list's number goes on where nobody knows which
// lists were opened: far more than an issuer opens in a year.
const listsApart = 100

// CloseLists opens a new list, so that no index of the former ones is given out again.
func (s *Store) CloseLists(ctx context.Context) error {
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`
			INSERT INTO status_lists (number, size, taken)
			SELECT number + $1, size, 0 FROM status_lists ORDER BY number DESC LIMIT 1`, listsApart)
		return err
	})
}
