package store

import (
	"context"
	"database/sql"
	"hash/fnv"
)

// writing is one transaction.
type writing struct {
	ctx    context.Context // not the caller's: see begin
	cancel func()
	conn   *sql.Conn
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
	w := &writing{pool: p}
	w.ctx, w.cancel = p.bounded(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, w.cancel)
	err := w.open()
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		w.end()
		return nil, err
	}
	return w, nil
}

func (w *writing) open() (err error) {
	if w.conn, err = w.pool.db.Conn(w.ctx); err == nil {
		w.tx, err = w.conn.BeginTx(w.ctx, nil)
	}
	return err
}

// end rolls back what is not committed, and gives the connection back.
func (w *writing) end() {
	if w.tx != nil {
		_ = w.tx.Rollback()
	}
	if w.conn != nil {
		_ = w.conn.Close()
	}
	w.cancel()
}

func (w *writing) finish(act func(*writing) error) error {
	defer w.end() // after a panic too
	if err := act(w); err != nil {
		return err
	}
	err := w.tx.Commit()
	if err != nil && w.pool.dialect.uncertain(err) {
		return ErrUncertain.Because(err)
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
	_, err := w.exec(text, number(name))
	return err
}

// shared gives the steps, one or none, that keep whoever locks the name out until
// the transaction ends.
func (w *writing) shared(name string) []step {
	if text := w.pool.dialect.share(); text != "" {
		return []step{{text, args(number(name))}}
	}
	return nil
}

// number is what the database knows a name of a lock by.
func number(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return int64(h.Sum64())
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

// step is one of several statements that go together.
type step struct {
	text string
	args []any
}

// together runs statements in their order, none of which waits for what another
// answers, and says how many rows each changed. The first that fails ends it.
func (w *writing) together(steps ...step) (changed []int64, err error) {
	if d, ok := w.pool.dialect.(pipeliner); ok {
		return d.pipeline(w.ctx, w.conn, steps)
	}
	changed = make([]int64, len(steps))
	for n, s := range steps {
		if changed[n], err = w.exec(s.text, s.args...); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// pipeliner is a dialect whose database is a round trip away, and which can send
// several statements in one.
type pipeliner interface {
	// pipeline runs steps as together does, on the connection of a transaction.
	pipeline(ctx context.Context, conn *sql.Conn, steps []step) (changed []int64, err error)
}
