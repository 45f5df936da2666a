package store

import (
	"context"
	"database/sql"
	"errors"
	"hash/fnv"
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

// writing is one transaction.
type writing struct {
	ctx    context.Context // not the caller's: see begin
	cancel func()
	tx     *sql.Tx
	pool   *pool
	missed []string // texts that were not kept yet
}

// writeTries bounds how often a transaction is tried that loses against others.
const writeTries = 5

// write runs an act in one transaction, and commits it if the act returns nil.
// Where transactions run side by side it may run the act more than once.
func (p *pool) write(ctx context.Context, act func(w *writing) error) (err error) {
	for range writeTries {
		if err = p.tryWrite(ctx, act); !p.dialect.again(err) {
			break
		}
	}
	return p.told(tooLong(ctx, err))
}

func (p *pool) tryWrite(ctx context.Context, act func(w *writing) error) error {
	w, err := p.begin(ctx)
	if err != nil {
		return err
	}
	if err = w.finish(act); len(w.missed) == 0 {
		return err
	}
	unending, cancel := p.bounded(context.WithoutCancel(ctx))
	defer cancel()
	for _, text := range w.missed {
		// The act's outcome stands whatever comes of this; the next one tries again.
		if _, failed := p.prepare(unending, text); failed != nil {
			break
		}
	}
	return err
}

// begin starts a transaction. While it waits for its turn the caller's context
// counts. From then on it does not: the transaction is short, and its caller is
// to learn what came of it.
func (p *pool) begin(ctx context.Context) (*writing, error) {
	own, cancel := p.bounded(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	tx, err := p.db.BeginTx(own, nil)
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
	return &writing{ctx: own, cancel: cancel, tx: tx, pool: p}, nil
}

func (w *writing) finish(act func(*writing) error) error {
	defer w.cancel()
	defer func() { _ = w.tx.Rollback() }() // no effect once committed; a panic must not keep the connection
	if err := act(w); err != nil {
		return err
	}
	err := w.tx.Commit()
	if err != nil && w.pool.dialect.uncertain(err) {
		return errUncertain.Because(err)
	}
	return err
}

// lock keeps others from what has the name until the transaction ends. Nobody
// waits who does not ask.
func (w *writing) lock(name string) error {
	text := w.pool.dialect.lock()
	if text == "" {
		return nil
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	_, err := w.exec(text, int64(h.Sum64()))
	return err
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
