package torture

import (
	"context"
	"database/sql"
	"time"

	"cocarde.example/verify"
)

// place is an index in a status list.
type place struct{ List, Index int64 }

// state is what the database holds, read at rest.
type state struct {
	requests     map[string]storedRequest
	badges       map[string]storedBadge
	attestations []storedAttestation
	entries      map[place]verify.Status
	events       []storedEvent // public ones, in the order of their numbers
	lists        []storedList
	keys         map[string]string        // their states, by kid
	statuses     map[string]verify.Status // of attestations, by jti, as the events tell
	latest       map[string]string        // jti of the last attestation of each badge, as the events tell
}

type storedRequest struct {
	ID, State, BadgeID, JTI string
	Tries                   int
	AccountAt, MailboxAt    sql.NullInt64 // Unix microseconds
}

type storedBadge struct {
	ID, Actor, Mailbox, JTI string
	Status                  verify.Status
	Holds, Erased           bool
}

type storedAttestation struct {
	JTI, BadgeID, KID string
	Hash              []byte
	At                place
}

type storedEvent struct {
	numbered
	BadgeID, KID string
	Time         int64 // Unix microseconds
	Reason       string
	Hash         []byte
	At           place
}

type storedList struct{ Number, Size, Taken int64 }

// load reads all of it.
func load(ctx context.Context, db *sql.DB) (s state, err error) {
	s.requests, s.badges, s.entries = map[string]storedRequest{}, map[string]storedBadge{}, map[place]verify.Status{}
	steps := []func() error{
		func() error { return s.loadRequests(ctx, db) },
		func() error { return s.loadBadges(ctx, db) },
		func() error { return s.loadEntries(ctx, db) },
		func() (err error) {
			s.attestations, err = s.loadAttestations(ctx, db)
			return err
		},
		func() (err error) {
			s.events, err = list(ctx, db, func(row *sql.Rows) (e storedEvent, err error) {
				return e, row.Scan(&e.Seq, &e.ID, &e.Kind, &e.By, &e.JTI, &e.BadgeID, &e.KID, &e.Time, &e.Reason, &e.Hash, &e.At.List, &e.At.Index)
			}, `SELECT seq, id, kind, done_by, jti, badge_id, kid, at, reason, token_hash, list, idx FROM events WHERE public ORDER BY seq`)
			s.told()
			return err
		},
		func() error { return s.loadKeys(ctx, db) },
		func() (err error) {
			s.lists, err = list(ctx, db, func(row *sql.Rows) (l storedList, err error) {
				return l, row.Scan(&l.Number, &l.Size, &l.Taken)
			}, `SELECT number, size, taken FROM status_lists ORDER BY number`)
			return err
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *state) loadAttestations(ctx context.Context, db *sql.DB) ([]storedAttestation, error) {
	return list(ctx, db, func(row *sql.Rows) (a storedAttestation, err error) {
		return a, row.Scan(&a.JTI, &a.BadgeID, &a.KID, &a.Hash, &a.At.List, &a.At.Index)
	}, `SELECT jti, badge_id, kid, token_hash, list, idx FROM attestations`)
}

func (s *state) loadRequests(ctx context.Context, db *sql.DB) error {
	all, err := list(ctx, db, func(row *sql.Rows) (r storedRequest, err error) {
		return r, row.Scan(&r.ID, &r.State, &r.BadgeID, &r.JTI, &r.Tries, &r.AccountAt, &r.MailboxAt)
	}, `SELECT id, state, badge_id, jti, mailbox_code_tries, account_proof_at, mailbox_proof_at FROM requests`)
	for _, r := range all {
		s.requests[r.ID] = r
	}
	return err
}

func (s *state) loadBadges(ctx context.Context, db *sql.DB) error {
	all, err := list(ctx, db, func(row *sql.Rows) (b storedBadge, err error) {
		var mailbox []byte
		err = row.Scan(&b.ID, &b.Actor, &mailbox, &b.JTI, &b.Status, &b.Holds, &b.Erased)
		b.Mailbox = string(mailbox)
		return b, err
	}, `SELECT id, actor_id, mailbox_key, jti, status, holds, erased_at IS NOT NULL FROM badges`)
	for _, b := range all {
		s.badges[b.ID] = b
	}
	return err
}

func (s *state) loadEntries(ctx context.Context, db *sql.DB) error {
	type entry struct {
		place
		status verify.Status
	}
	all, err := list(ctx, db, func(row *sql.Rows) (e entry, err error) {
		return e, row.Scan(&e.List, &e.Index, &e.status)
	}, `SELECT list, idx, status FROM status_entries`)
	for _, e := range all {
		s.entries[e.place] = e.status
	}
	return err
}

func (s *state) loadKeys(ctx context.Context, db *sql.DB) error {
	s.keys = map[string]string{}
	_, err := list(ctx, db, func(row *sql.Rows) (kid string, err error) {
		var state string
		err = row.Scan(&kid, &state)
		s.keys[kid] = state
		return kid, err
	}, `SELECT kid, state FROM signing_keys`)
	return err
}

// told notes what the events tell of each attestation, and which is a badge's latest.
func (s *state) told() {
	s.statuses, s.latest = map[string]verify.Status{}, map[string]string{}
	for _, e := range s.events {
		if to, ok := statusAfter(e.Kind); ok {
			s.statuses[e.JTI] = to
		}
		if e.Kind == "issued" {
			s.latest[e.BadgeID] = e.JTI
		}
	}
}

// statusAfter gives the status that an event of the kind leads to.
func statusAfter(kind string) (s verify.Status, ok bool) {
	switch kind {
	case "issued", "resumed":
		return verify.Valid, true
	case "suspended":
		return verify.Suspended, true
	case "revoked":
		return verify.Revoked, true
	}
	return 0, false
}

// before says whether an acknowledgement came before a stored moment.
func before(acknowledged time.Time, stored sql.NullInt64) bool {
	return !acknowledged.IsZero() && (!stored.Valid || stored.Int64 > acknowledged.UnixMicro())
}
