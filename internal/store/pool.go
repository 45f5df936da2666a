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

func (r reading) statement(text string) (*sql.Stmt, error) {
	if stmt := r.pool.statement(text); stmt != nil {
		return stmt, nil
	}
	return r.pool.prepare(r.ctx, text)
}

func (r reading) row(text string, args []any, into ...any) error {
	stmt, err := r.statement(text)
	if err != nil {
		return r.pool.told(err)
	}
	return r.pool.told(stmt.QueryRowContext(r.ctx, args...).Scan(into...))
}

func (r reading) each(text string, args []any, scan func(scanner) error) error {
	stmt, err := r.statement(text)
	if err != nil {
		return r.pool.told(err)
	}
	return r.pool.told(scanAll(r.ctx, stmt, args, scan))
}

// writing is one transaction.
type writing struct {
	ctx    context.Context // never ends: see begin
	cancel func()
	tx     *sql.Tx
	pool   *pool
	missed []string // texts that were not kept yet
}

// write runs an act in one transaction, and commits it if the act returns nil.
func (p *pool) write(ctx context.Context, act func(w *writing) error) error {
	w, err := p.begin(ctx)
	if err != nil {
		return p.told(err)
	}
	err = w.finish(act)
	for _, text := range w.missed {
		// The act's outcome stands whatever comes of this; the next one tries again.
		if _, failed := p.prepare(w.ctx, text); failed != nil {
			break
		}
	}
	return p.told(err)
}

// begin starts a transaction. While it waits for its turn the caller's context
// counts. From then on it does not: the transaction is short, and its caller is
// to learn what came of it.
func (p *pool) begin(ctx context.Context) (*writing, error) {
	unending := context.WithoutCancel(ctx)
	waiting, cancel := context.WithCancel(unending)
	stop := context.AfterFunc(ctx, cancel)
	tx, err := p.db.BeginTx(waiting, nil)
	if !stop() { // the caller's context has ended
		if err == nil {
			_ = tx.Rollback()
		}
		return nil, ctx.Err()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return &writing{ctx: unending, cancel: cancel, tx: tx, pool: p}, nil
}

func (w *writing) finish(act func(*writing) error) error {
	defer w.cancel()
	defer func() { _ = w.tx.Rollback() }() // no effect once committed; a panic must not keep the connection
	if err := act(w); err != nil {
		return err
	}
	return w.tx.Commit()
}

func (w *writing) statement(text string) (*sql.Stmt, error) {
	if stmt := w.pool.statement(text); stmt != nil {
		return w.tx.StmtContext(w.ctx, stmt), nil
	}
	w.missed = append(w.missed, text)
	return w.tx.PrepareContext(w.ctx, text)
}

func (w *writing) row(text string, args []any, into ...any) error {
	stmt, err := w.statement(text)
	if err != nil {
		return err
	}
	return w.pool.told(stmt.QueryRowContext(w.ctx, args...).Scan(into...))
}

func (w *writing) each(text string, args []any, scan func(scanner) error) error {
	stmt, err := w.statement(text)
	if err != nil {
		return err
	}
	return scanAll(w.ctx, stmt, args, scan)
}

// exec runs a statement and says how many rows it changed.
func (w *writing) exec(text string, args ...any) (changed int64, err error) {
	stmt, err := w.statement(text)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(w.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// must runs a statement and gives the error if it changed no row.
func (w *writing) must(otherwise error, text string, args ...any) error {
	changed, err := w.exec(text, args...)
	if err == nil && changed == 0 {
		return otherwise
	}
	return err
}

func scanAll(ctx context.Context, stmt *sql.Stmt, args []any, scan func(scanner) error) (err error) {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
