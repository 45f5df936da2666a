package torture

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// numbered is an event as whoever follows the numbers sees it.
type numbered struct {
	Seq           int64
	ID            int64
	Kind, By, JTI string
}

// follower reads the events by their numbers while everything goes on.
type follower struct {
	*world
	seen []numbered
}

const followEvery = 20 * time.Millisecond

// follow goes on until done is closed.
func (f *follower) follow(ctx context.Context, done <-chan struct{}) error {
	db, err := f.ground.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		if err := f.read(ctx, db); err != nil && ctx.Err() == nil && !f.ground.mayBeAway() {
			f.journal.lose("the events cannot be read: %v", err)
		}
		select {
		case <-done:
			return nil
		default:
		}
		if err := wait(ctx, followEvery); err != nil {
			return err
		}
	}
}

// read reads on after the last number.
func (f *follower) read(ctx context.Context, db *sql.DB) error {
	all, err := numberedAfter(ctx, db, int64(len(f.seen)))
	if err != nil {
		return err
	}
	for _, e := range all {
		if last := int64(len(f.seen)); e.Seq != last+1 {
			f.journal.lose("after event %d comes event %d", last, e.Seq)
			return nil
		}
		f.seen = append(f.seen, e)
	}
	return nil
}

func numberedAfter(ctx context.Context, db *sql.DB, seq int64) ([]numbered, error) {
	return list(ctx, db, func(row *sql.Rows) (e numbered, err error) {
		return e, row.Scan(&e.Seq, &e.ID, &e.Kind, &e.By, &e.JTI)
	}, `SELECT seq, id, kind, done_by, jti FROM events WHERE seq > $1 ORDER BY seq`, seq)
}

// list reads every row.
func list[T any](ctx context.Context, db *sql.DB, scan func(*sql.Rows) (T, error), query string, args ...any) (all []T, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
