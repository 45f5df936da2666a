package store

import (
	"context"
	"errors"
	"time"

	"cocarde.example/attest"
)

// window gives the bounds of a limit's present window. Windows are aligned to
// the Unix epoch, so that every process has the same.
func window(l attest.Limit, now time.Time) (start, end time.Time) {
	length := l.Window.Microseconds()
	at := now.UnixMicro()
	start = time.UnixMicro(at - at%length).UTC()
	return start, start.Add(l.Window)
}

// Count implements attest.LimitStore.
func (s *Store) Count(ctx context.Context, now time.Time, limits ...attest.Limit) (exceeded *attest.Limit, until time.Time, err error) {
	err = s.writer.write(ctx, func(w *writing) error {
		exceeded = nil
		for _, l := range limits {
			start, end := window(l, now)
			var count int
			err := w.row(`
				INSERT INTO limits (name, key, window_start, ends_at, count) VALUES ($1, $2, $3, $4, 1)
				ON CONFLICT (name, key, window_start) DO UPDATE SET count = limits.count + 1 RETURNING count`,
				args(l.Name, l.Key, start.UnixMicro(), end.UnixMicro()), &count)
			if err != nil {
				return err
			}
			if count > l.Max {
				exceeded, until = &l, end
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	return exceeded, until, nil
}

// Counted implements attest.LimitStore.
func (s *Store) Counted(ctx context.Context, now time.Time, l attest.Limit) (count int, err error) {
	start, _ := window(l, now)
	err = s.reader.read(ctx).row(`SELECT count FROM limits WHERE name = $1 AND key = $2 AND window_start = $3`,
		args(l.Name, l.Key, start.UnixMicro()), &count)
	if errors.Is(err, attest.ErrNotFound) {
		return 0, nil
	}
	return count, err
}

// StopMail implements attest.LimitStore. A later end that stands already is kept.
func (s *Store) StopMail(ctx context.Context, mailboxKey []byte, until time.Time) error {
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`
			INSERT INTO mail_stops (mailbox_key, ends_at) VALUES ($1, $2)
			ON CONFLICT (mailbox_key) DO UPDATE SET ends_at = excluded.ends_at WHERE mail_stops.ends_at < excluded.ends_at`,
			mailboxKey, until.UnixMicro())
		return err
	})
}

// MailStopped implements attest.LimitStore.
func (s *Store) MailStopped(ctx context.Context, mailboxKey []byte, now time.Time) (stopped bool, err error) {
	err = s.reader.read(ctx).row(`SELECT EXISTS (SELECT 1 FROM mail_stops WHERE mailbox_key = $1 AND ends_at > $2)`,
		args(mailboxKey, now.UnixMicro()), &stopped)
	return stopped, err
}
