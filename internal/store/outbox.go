package store

import (
	"context"
	"errors"
	"time"

	"cocarde.example/attest"
)

// send puts an entry in the outbox, if there is one.
func (w *writing) send(e *attest.OutboxEntry) error {
	if e == nil {
		return nil
	}
	_, err := w.together(insertMail(e))
	return err
}

func insertMail(e *attest.OutboxEntry) step {
	return step{`
		INSERT INTO outbox (kind, request_id, badge_id, body, not_before, not_after, attempts, last_error, gave_up)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', FALSE)`,
		args(e.Kind, e.RequestID, e.BadgeID, e.Body, e.NotBefore.UnixMicro(), micros(e.NotAfter), e.Attempts)}
}

// AddOutbox implements attest.LimitStore.
func (s *Store) AddOutbox(ctx context.Context, e attest.OutboxEntry) error {
	return s.writer.write(ctx, func(w *writing) error { return w.send(&e) })
}

// DueOutbox implements jobs.Store.
func (s *Store) DueOutbox(ctx context.Context, kind attest.OutboxKind, now time.Time, limit int) ([]attest.OutboxEntry, error) {
	var due []attest.OutboxEntry
	err := s.reader.read(ctx).each(`
		SELECT id, kind, request_id, badge_id, body, not_before, not_after, attempts FROM outbox
		WHERE NOT gave_up AND kind = $1 AND not_before <= $2 ORDER BY not_before, id LIMIT $3`,
		args(kind, now.UnixMicro(), limit), func(row scanner) error {
			var e attest.OutboxEntry
			err := row.Scan(&e.ID, &e.Kind, &e.RequestID, &e.BadgeID, &e.Body, moment{&e.NotBefore}, moment{&e.NotAfter}, &e.Attempts)
			due = append(due, e)
			return err
		})
	return due, err
}

// OutboxSent implements jobs.Store.
func (s *Store) OutboxSent(ctx context.Context, id int64) error {
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`DELETE FROM outbox WHERE id = $1`, id)
		return err
	})
}

// OutboxFailed implements jobs.Store.
func (s *Store) OutboxFailed(ctx context.Context, id int64, next time.Time, lastError string) error {
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`UPDATE outbox SET attempts = attempts + 1, not_before = $2, last_error = $3 WHERE id = $1`,
			id, next.UnixMicro(), lastError)
		return err
	})
}

// OutboxGaveUp implements jobs.Store.
func (s *Store) OutboxGaveUp(ctx context.Context, id int64, lastError string) error {
	return s.writer.write(ctx, func(w *writing) error {
		var request string
		err := w.row(`UPDATE outbox SET gave_up = TRUE, last_error = $2 WHERE id = $1 RETURNING request_id`,
			args(id, lastError), &request)
		if errors.Is(err, attest.ErrNotFound) {
			return nil
		}
		if err != nil || request == "" {
			return err
		}
		_, err = w.exec(`UPDATE requests SET mail_error = $2 WHERE id = $1`, request, lastError)
		return err
	})
}
