package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

// tuples writes rows in the binary form of COPY (PostgreSQL manual, "COPY"): with
// pgx.CopyFrom rows could not be loaded frozen.
type tuples struct {
	out  *bufio.Writer
	word [8]byte
}

func newTuples(w io.Writer) *tuples {
	t := &tuples{out: bufio.NewWriterSize(w, 64<<10)}
	_, _ = t.out.WriteString("PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00") // errors stay until Flush
	return t
}

// row begins a row of so many fields.
func (t *tuples) row(fields int) {
	binary.BigEndian.PutUint16(t.word[:], uint16(fields))
	_, _ = t.out.Write(t.word[:2])
}

func (t *tuples) size(n int) {
	binary.BigEndian.PutUint32(t.word[:], uint32(n))
	_, _ = t.out.Write(t.word[:4])
}

func (t *tuples) text(all ...string) {
	for _, s := range all {
		t.size(len(s))
		_, _ = t.out.WriteString(s)
	}
}

func (t *tuples) bytes(all ...[]byte) {
	for _, b := range all {
		t.size(len(b))
		_, _ = t.out.Write(b)
	}
}

func (t *tuples) integers(all ...int64) {
	for _, n := range all {
		t.size(8)
		binary.BigEndian.PutUint64(t.word[:], uint64(n))
		_, _ = t.out.Write(t.word[:])
	}
}

func (t *tuples) boolean(b bool) {
	t.size(1)
	if b {
		_ = t.out.WriteByte(1)
	} else {
		_ = t.out.WriteByte(0)
	}
}

func (t *tuples) end() error {
	_, _ = t.out.WriteString("\xff\xff")
	return t.out.Flush()
}

// table is one that is loaded, and the rows for it.
type table struct {
	name, columns string
	rows          func(t *tuples) error
}

// load replaces a table's rows, and builds its indexes once they stand, all in one
// transaction: nothing of it needs the log where wal_level is minimal.
func (t table) load(ctx context.Context, conn *pgx.Conn) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, `TRUNCATE `+t.name); err != nil {
		return err
	}
	rebuild, err := dropped(ctx, tx, t.name)
	if err != nil {
		return err
	}
	if err := t.copy(ctx, conn); err != nil {
		return err
	}
	for _, text := range rebuild {
		if _, err := tx.Exec(ctx, text); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `ANALYZE `+t.name); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

func (t table) copy(ctx context.Context, conn *pgx.Conn) error {
	in, out := io.Pipe()
	made := make(chan error, 1)
	go func() {
		w := newTuples(out)
		err := errors.Join(t.rows(w), w.end())
		_ = out.CloseWithError(err) // nil: the end
		made <- err
	}()
	_, err := conn.PgConn().CopyFrom(ctx, in, fmt.Sprintf(`COPY %s (%s) FROM STDIN (FORMAT binary, FREEZE)`, t.name, t.columns))
	_ = in.CloseWithError(errors.New("COPY has ended"))
	return errors.Join(err, <-made)
}

// dropped drops the indexes of a table, its keys among them, and gives what makes
// them again.
func dropped(ctx context.Context, tx pgx.Tx, name string) (rebuild []string, err error) {
	rows, err := tx.Query(ctx, `
		SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
			format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
		FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype IN ('p', 'u')
		UNION ALL
		SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
		FROM pg_index WHERE indrelid = $1::text::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)`, name)
	if err != nil {
		return nil, err
	}
	return dropAll(ctx, tx, rows)
}

// withoutReferences drops what refers from one table to another, and gives what
// makes it again.
func withoutReferences(ctx context.Context, tx pgx.Tx) (rebuild []string, err error) {
	rows, err := tx.Query(ctx, `
		SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
			format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
		FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`)
	if err != nil {
		return nil, err
	}
	return dropAll(ctx, tx, rows)
}

// dropAll runs the first column of every row, and gives the second.
func dropAll(ctx context.Context, tx pgx.Tx, rows pgx.Rows) (rebuild []string, err error) {
	type pair struct{ Drop, Rebuild string }
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[pair])
	for _, p := range all {
		if _, err := tx.Exec(ctx, p.Drop); err != nil {
			return nil, err
		}
		rebuild = append(rebuild, p.Rebuild)
	}
	return rebuild, err
}
