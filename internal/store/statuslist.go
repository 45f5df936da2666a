package store

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"cocarde.example/attest"
	"cocarde.example/internal/statuslist"
	"cocarde.example/verify"
)

// Lists implements statuslist.Store. The first one is the first migration's.
func (s *Store) Lists(ctx context.Context) ([]statuslist.List, error) {
	var lists []statuslist.List
	err := s.reader.read(ctx).each(`SELECT number, size FROM status_lists ORDER BY number`, nil, func(row scanner) error {
		var l statuslist.List
		err := row.Scan(&l.Number, &l.Size)
		lists = append(lists, l)
		return err
	})
	return lists, err
}

// NotValid implements statuslist.Store. A list has some ten thousand such entries,
// and a row for each would take longer than to pack the list: all are one text, of
// numbers that hold index and status.
func (s *Store) NotValid(ctx context.Context, list int64) ([]statuslist.Entry, error) {
	var all string
	err := s.reader.read(ctx).row(`
		SELECT COALESCE(string_agg(CAST(idx * 256 + status AS TEXT), ','), '')
		FROM status_entries WHERE list = $1 AND status <> 0`, args(list), &all)
	if err != nil || all == "" {
		return nil, err
	}
	entries := make([]statuslist.Entry, 0, strings.Count(all, ",")+1)
	for text := range strings.SplitSeq(all, ",") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, err
		}
		entries = append(entries, statuslist.Entry{List: list, Index: n / 256, Status: verify.Status(n % 256)})
	}
	return entries, nil
}

// StatusChanges implements statuslist.Store. An issuance changes no status: its
// index is valid before and after.
func (s *Store) StatusChanges(ctx context.Context, after, upTo int64) ([]statuslist.Entry, error) {
	var entries []statuslist.Entry
	err := s.reader.read(ctx).each(`
		SELECT list, idx, kind FROM events
		WHERE seq > $1 AND seq <= $2 AND kind IN ('suspended', 'resumed', 'revoked') ORDER BY seq`,
		args(after, upTo), func(row scanner) error {
			var e statuslist.Entry
			var kind attest.EventKind
			err := row.Scan(&e.List, &e.Index, &kind)
			e.Status = statusOf(kind)
			entries = append(entries, e)
			return err
		})
	return entries, err
}

func statusOf(k attest.EventKind) verify.Status {
	switch k {
	case attest.EventSuspended:
		return verify.Suspended
	case attest.EventRevoked:
		return verify.Revoked
	}
	return verify.Valid
}

// Artefact implements statuslist.Store.
func (s *Store) Artefact(ctx context.Context, path string) (a statuslist.Artefact, ok bool, err error) {
	err = s.reader.read(ctx).row(`
		SELECT path, content_type, body, signed_at, expires_at, seq FROM artefacts WHERE path = $1`, args(path),
		&a.Path, &a.ContentType, &a.Body, moment{&a.SignedAt}, moment{&a.ExpiresAt}, &a.Seq)
	if errors.Is(err, attest.ErrNotFound) {
		return a, false, nil
	}
	return a, err == nil, err
}

// SaveArtefact implements statuslist.Store.
func (s *Store) SaveArtefact(ctx context.Context, a statuslist.Artefact) error {
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`
			INSERT INTO artefacts (path, content_type, body, signed_at, expires_at, seq) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (path) DO UPDATE SET content_type = excluded.content_type, body = excluded.body,
				signed_at = excluded.signed_at, expires_at = excluded.expires_at, seq = excluded.seq
			WHERE artefacts.seq < excluded.seq
				OR artefacts.seq = excluded.seq
					AND (artefacts.signed_at <= excluded.signed_at OR artefacts.signed_at > excluded.signed_at + $7)`,
			a.Path, a.ContentType, a.Body, a.SignedAt.UnixMicro(), micros(a.ExpiresAt), a.Seq, verify.MaxAhead.Microseconds())
		return err
	})
}
