package store

import (
	"context"
	"time"

	"cocarde.example/internal/retention"
)

// purgeBatch bounds the rows of one transaction of a purge, so that nobody waits
// for long behind it.
const purgeBatch = 1000

// Purge implements jobs.Store. Sign-ins go with their requests. Every statement
// finds its rows by an index.
func (s *Store) Purge(ctx context.Context, now time.Time, mailboxes time.Duration) (more bool, err error) {
	for _, p := range []struct {
		text  string
		until time.Time
		to    []any
	}{
		{`DELETE FROM requests WHERE id IN (SELECT id FROM requests WHERE expires_at <= $1 LIMIT $2)`, now, nil},
		{`DELETE FROM limits WHERE (name, key, window_start) IN
			(SELECT name, key, window_start FROM limits WHERE ends_at <= $1 LIMIT $2)`, now, nil},
		{`DELETE FROM mail_stops WHERE mailbox_key IN
			(SELECT mailbox_key FROM mail_stops WHERE ends_at <= $1 LIMIT $2)`, now, nil},
		{`DELETE FROM apps WHERE host IN (SELECT host FROM apps WHERE ends_at <= $1 LIMIT $2)`, now, nil},
		{`DELETE FROM outbox WHERE id IN
			(SELECT id FROM outbox WHERE gave_up AND COALESCE(not_after, not_before) <= $1 LIMIT $2)`,
			now.Add(-retention.GivenUp), nil},
		// An erased mailbox is one that others may have: the badge lets go of it.
		{`UPDATE badges SET mailbox = $3, mailbox_key = $3, holds = FALSE WHERE id IN
			(SELECT id FROM badges WHERE length(mailbox) > 0
				AND CASE WHEN status = 1 THEN changed_at ELSE expires_at END <= $1 LIMIT $2)`,
			now.Add(-mailboxes), args([]byte{})},
	} {
		full, err := s.purge(ctx, p.text, append(args(p.until.UnixMicro(), purgeBatch), p.to...)...)
		if err != nil {
			return false, err
		}
		more = more || full
	}
	return more, nil
}

// purge runs one statement for one batch, and says whether that was full.
func (s *Store) purge(ctx context.Context, text string, a ...any) (full bool, err error) {
	err = s.writer.write(ctx, func(w *writing) error {
		changed, err := w.exec(text, a...)
		full = changed == purgeBatch
		return err
	})
	return full, err
}
