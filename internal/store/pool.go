package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// pool is a set of connections with the statements prepared on them. Every text
// is prepared the first time that it is used, so that start-up pays for none.
type pool struct {
	db      *sql.DB
	dialect dialect

	mu   sync.RWMutex
	kept map[string]*sql.Stmt
}

func newPool(db *sql.DB, d dialect) *pool {
	return &pool{db: db, dialect: d, kept: make(map[string]*sql.Stmt)}
}

func (p *pool) close() error { return p.db.Close() } // and with it every statement

func (p *pool) statement(text string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.kept[text]
}

func (p *pool) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := p.statement(text); stmt != nil {
		return stmt, nil
	}
	return p.prepare(ctx, text)
}

// prepare keeps a statement. It takes a connection: never call it from within a
// transaction, whose own may be the only one.
func (p *pool) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	stmt, err := p.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.kept[text]; first != nil { // two came at once
		return first, stmt.Close()
	}
	p.kept[text] = stmt
	return stmt, nil
}

// bounded ends a context that nobody else ends when the database's patience does.
func (p *pool) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if longest := p.dialect.longest(); longest > 0 {
		return context.WithTimeout(ctx, longest)
	}
	return context.WithCancel(ctx)
}

// tooLong tells the end of the database's patience from that of the caller's.
func tooLong(caller context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && caller.Err() == nil {
		return errUnavailable.Because(err)
	}
	return err
}

// queries runs statements: on the readers, or in a transaction.
type queries interface {
	// row scans the first row, or gives attest.ErrNotFound.
	row(text string, args []any, into ...any) error
	// each scans every row.
	each(text string, args []any, scan func(row scanner) error) error
}

// scanner is a row to be scanned.
type scanner interface{ Scan(into ...any) error }

// args makes the list that row and each take.
func args(a ...any) []any { return a }

// reading runs single queries outside of any transaction.
type reading struct {
	ctx  context.Context
	pool *pool
}

func (p *pool) read(ctx context.Context) reading { return reading{ctx, p} }

func (r reading) row(text string, args []any, into ...any) error {
	return r.run(text, func(ctx context.Context, stmt *sql.Stmt) error {
		return stmt.QueryRowContext(ctx, args...).Scan(into...)
	})
}

func (r reading) each(text string, args []any, scan func(scanner) error) error {
	return r.run(text, func(ctx context.Context, stmt *sql.Stmt) error { return scanAll(ctx, stmt, args, scan) })
}

func (r reading) run(text string, query func(context.Context, *sql.Stmt) error) error {
	ctx, cancel := r.pool.bounded(r.ctx)
	defer cancel()
	stmt, err := r.pool.prepared(ctx, text)
	if err == nil {
		err = query(ctx, stmt)
	}
	return r.pool.told(tooLong(r.ctx, err))
}

func scanAll(ctx context.Context, stmt *sql.Stmt, args []any, scan func(scanner) error) (err error) {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return scanRows(rows, scan)
}

// rows are those of database/sql, or pgx's own.
type rows interface {
	scanner
	Next() bool
	Err() error
}

func scanRows(all rows, scan func(scanner) error) error {
	for all.Next() {
		if err := scan(all); err != nil {
			return err
		}
	}
	return all.Err()
}
