package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"database/sql"

	"github.com/jackc/pgx/v5"

	"cocarde.example/internal/backup"
)

// backup copies every table, as one snapshot has it.
func (d postgres) backup(ctx context.Context, _ *sql.DB, schema int64, begin func(backup.Header) (*backup.Writer, error), p Progress) (err error) {
	conn, err := d.patient(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	h := backup.Header{Dialect: d.name(), Schema: schema, At: time.Now().UTC()}
	if err := tx.QueryRow(ctx, headerQuery).Scan(&h.Issuer, &h.Record, &h.Seq); err != nil {
		return err
	}
	h.Keys, err = wrappedKeys(func(text string, args []any, scan func(scanner) error) error {
		all, err := tx.Query(ctx, text, args...)
		if err != nil {
			return err
		}
		defer all.Close()
		return scanRows(all, scan)
	})
	if err != nil {
		return err
	}
	tables, err := tablesOf(ctx, tx)
	if err != nil {
		return err
	}
	w, err := begin(h)
	if err != nil {
		return err
	}
	to := &copier{to: w, told: p}
	for _, t := range tables {
		to.total += t.size
	}
	for _, t := range tables {
		if err := w.Begin(backup.Section{Name: t.name, Columns: t.columns}); err != nil {
			return err
		}
		if _, err := conn.PgConn().CopyTo(ctx, to, `COPY `+t.sql()+` TO STDOUT (FORMAT binary)`); err != nil {
			return err
		}
	}
	return w.Close()
}

// patient opens a connection for what takes long: nothing bounds a statement.
func (d postgres) patient(ctx context.Context) (*pgx.Conn, error) {
	c, err := d.config()
	if err != nil {
		return nil, err
	}
	for _, bound := range []string{"statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"} {
		c.ConnConfig.RuntimeParams[bound] = "0"
	}
	return pgx.ConnectConfig(ctx, c.ConnConfig)
}

// table is one to be copied.
type table struct {
	name    string
	columns []string
	size    int64 // in bytes, roughly what its copy takes
}

func (t table) sql() string {
	quoted := make([]string, len(t.columns))
	for n, c := range t.columns {
		quoted[n] = pgx.Identifier{c}.Sanitize()
	}
	return pgx.Identifier{t.name}.Sanitize() + ` (` + strings.Join(quoted, ", ") + `)`
}

// tablesOf lists the tables of the schema but goose's, which the migrations fill.
func tablesOf(ctx context.Context, tx pgx.Tx) (tables []table, err error) {
	rows, err := tx.Query(ctx, `
		SELECT c.relname::text, pg_relation_size(c.oid),
			(SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
			 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
		FROM pg_class c
		WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind = 'r' AND c.relname <> 'goose_db_version'
		ORDER BY c.relname`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (t table, err error) {
		err = row.Scan(&t.name, &t.size, &t.columns)
		return t, err
	})
}

// empty wants a database without tables, or one that was migrated and has no issuer.
func (d postgres) empty(ctx context.Context) (err error) {
	writers, readers, err := d.connect(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, writers.Close(), readers.Close()) }()
	version, err := d.version(ctx, writers)
	if err != nil || version == 0 {
		return err
	}
	var some bool
	if err := writers.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM meta) OR EXISTS (SELECT 1 FROM events)`).Scan(&some); err != nil {
		return err
	}
	if some {
		return errNotEmpty
	}
	return nil
}

// restore fills the tables of the backup's schema in one transaction. Until that
// commits there are but empty tables.
func (d postgres) restore(ctx context.Context, b *backup.Reader, finish func(context.Context, *Store) error) error {
	if err := d.empty(ctx); err != nil {
		return err
	}
	if err := d.prepare(ctx, b.Header.Schema); err != nil {
		return err
	}
	if err := d.fill(ctx, b); err != nil {
		return err
	}
	return finished(ctx, d, finish)
}

// prepare brings an empty database to the schema of a backup. One that was migrated to
// a later schema is refused: it cannot be brought back to a former one.
func (d postgres) prepare(ctx context.Context, schema int64) (err error) {
	writers, readers, err := d.connect(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, writers.Close(), readers.Close()) }()
	version, err := d.version(ctx, writers)
	if err != nil || version == schema {
		return err
	}
	if version > schema {
		return errNotEmpty.Because(fmt.Errorf("its tables are of schema %d, the backup's of %d: restore into a database without tables", version, schema))
	}
	return upTo(ctx, writers, d, version, schema)
}

func (d postgres) fill(ctx context.Context, b *backup.Reader) (err error) {
	conn, err := d.patient(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL maintenance_work_mem = '256MB'`); err != nil {
			return err
		}
		tables, err := tablesOf(ctx, tx)
		if err != nil {
			return err
		}
		again, err := withoutIndexes(ctx, tx)
		if err != nil {
			return err
		}
		if err := copyTables(ctx, tx, tables, b); err != nil {
			return err
		}
		for _, statement := range append(again, sequences(tables)...) {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `ANALYZE`)
		return err
	})
}

func copyTables(ctx context.Context, tx pgx.Tx, tables []table, b *backup.Reader) error {
	for _, t := range tables {
		if _, err := tx.Exec(ctx, `TRUNCATE `+pgx.Identifier{t.name}.Sanitize()); err != nil {
			return err
		}
	}
	for {
		s, err := b.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		known := slices.ContainsFunc(tables, func(t table) bool { return t.name == s.Name })
		if !known {
			return backup.ErrDamaged.Because(errors.New("there is no table " + s.Name))
		}
		into := table{name: s.Name, columns: s.Columns}
		if _, err := tx.Conn().PgConn().CopyFrom(ctx, untilDone{ctx, b}, `COPY `+into.sql()+` FROM STDIN (FORMAT binary, FREEZE)`); err != nil {
			return err
		}
	}
}

// withoutIndexes drops indexes and constraints, which take far less time when they
// are made of what stands, and gives the statements that make them again.
func withoutIndexes(ctx context.Context, tx pgx.Tx) (again []string, err error) {
	const here = `to_regnamespace(quote_ident(current_schema()))`
	rows, err := tx.Query(ctx, `
		SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname),
			format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
			contype = 'f' AS foreigner
		FROM pg_constraint
		WHERE connamespace = `+here+` AND contype IN ('p', 'u', 'f') AND conrelid <> 'goose_db_version'::regclass
		UNION ALL
		SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid), FALSE
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE c.relnamespace = `+here+` AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
		ORDER BY foreigner`)
	if err != nil {
		return nil, err
	}
	var drops, adds []string
	var drop, add string
	var foreigner bool
	_, err = pgx.ForEachRow(rows, []any{&drop, &add, &foreigner}, func() error {
		drops, adds = append(drops, drop), append(adds, add)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(drops) // what refers to a key goes before it
	for _, statement := range drops {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	return adds, nil
}

// sequences gives the statements after which no id is given twice.
func sequences(tables []table) (statements []string) {
	for _, t := range tables {
		if slices.Contains(t.columns, "id") && (t.name == "events" || t.name == "outbox") {
			statements = append(statements, `SELECT setval(pg_get_serial_sequence('`+t.name+`', 'id'), GREATEST(MAX(id), 1)) FROM `+t.name)
		}
	}
	return statements
}
