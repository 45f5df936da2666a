package store

import (
	"context"
	"time"
)

// Clock gives the time by the database's clock.
func (s *Store) Clock(ctx context.Context) (now time.Time, err error) {
	err = s.reader.read(ctx).row(`SELECT `+s.reader.dialect.clock(), nil, moment{&now})
	return now, err
}

// Lease implements jobs.Store. An end that is further away than any lease is long
// was written before the database's clock was set back: nobody waits for it.
func (s *Store) Lease(ctx context.Context, name, holder string, length time.Duration) (held bool, err error) {
	now := s.writer.dialect.clock()
	err = s.writer.write(ctx, func(w *writing) error {
		changed, err := w.exec(`
			INSERT INTO leases (name, holder, ends_at) VALUES ($1, $2, `+now+` + $3)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends_at = excluded.ends_at
			WHERE leases.holder = excluded.holder OR leases.ends_at <= `+now+` OR leases.ends_at > `+now+` + $3`,
			name, holder, length.Microseconds())
		held = changed == 1
		return err
	})
	return held && err == nil, err
}

// ReleaseLease implements jobs.Store.
func (s *Store) ReleaseLease(ctx context.Context, name, holder string) error {
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`DELETE FROM leases WHERE name = $1 AND holder = $2`, name, holder)
		return err
	})
}
