package store

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// OpenImpatient opens a store that waits for other processes no longer than busy.
func OpenImpatient(ctx context.Context, path string, busy time.Duration) (*Store, error) {
	return open(ctx, sqlite{path: path, busy: busy}, Options{Migrate: true})
}

// OpenFuture opens a store of a later version, with one more migration.
func OpenFuture(ctx context.Context, path, migration string) (*Store, error) {
	return open(ctx, future{Options{Database: path}.dialect(), migration}, Options{Migrate: true})
}

// OpenPast opens a store of a former version, which knew no migration after one.
func OpenPast(ctx context.Context, path string, version int64) (*Store, error) {
	return open(ctx, past{Options{Database: path}.dialect(), version}, Options{Migrate: true})
}

// ToldOfPostgres gives what is told of an error of PostgreSQL's driver, before a store
// stands and afterwards.
func ToldOfPostgres(err error) (opening, afterwards error) {
	d := postgres{}
	return d.opening(err), d.fault(err)
}

type past struct {
	dialect
	upTo int64
}

func (d past) migrations() (fs.FS, database.Dialect) {
	all, name := d.dialect.migrations()
	then := fstest.MapFS{}
	files, err := fs.Glob(all, "*.sql")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		text, err := fs.ReadFile(all, f)
		if err != nil {
			panic(err)
		}
		if n, err := goose.NumericComponent(f); err != nil || n <= d.upTo {
			then[f] = &fstest.MapFile{Data: text}
		}
	}
	return then, name
}

type future struct {
	dialect
	migration string
}

func (d future) migrations() (fs.FS, database.Dialect) {
	past, name := d.dialect.migrations()
	all := fstest.MapFS{"9999_future.sql": {Data: []byte(d.migration)}}
	files, err := fs.Glob(past, "*.sql")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		text, err := fs.ReadFile(past, f)
		if err != nil {
			panic(err)
		}
		all[f] = &fstest.MapFile{Data: text}
	}
	return all, name
}

// Exec runs a statement on the connection that writes.
func (s *Store) Exec(t *testing.T, text string, args ...any) {
	t.Helper()
	if _, err := s.writer.db.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

// Int asks the connection that writes for one number.
func (s *Store) Int(t *testing.T, text string) (n int64) {
	t.Helper()
	if err := s.writer.db.QueryRowContext(t.Context(), text).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Text asks the connection that writes for one text.
func (s *Store) Text(t *testing.T, text string) (v string) {
	t.Helper()
	if err := s.writer.db.QueryRowContext(t.Context(), text).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Statements gives the texts that were prepared so far.
func (s *Store) Statements() []string {
	var texts []string
	for _, p := range []*pool{s.reader, s.writer} {
		for text := range p.kept {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// Plan says how SQLite would run a statement.
func (s *Store) Plan(t *testing.T, text string) (steps []string) {
	t.Helper()
	unbound := make([]any, 32) // more than any statement has
	rows, err := s.writer.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, unbound...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// Find names the columns of any table in which some text or bytes hold this.
func (s *Store) Find(t *testing.T, text string) (where []string) {
	t.Helper()
	tables := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if _, ok := s.writer.dialect.(sqlite); !ok {
		tables = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	for _, row := range s.rows(t, tables) {
		for _, row := range s.rows(t, `SELECT * FROM `+fmt.Sprint(row[0].value)) {
			for _, c := range row {
				held := fmt.Sprint(c.value)
				if b, ok := c.value.([]byte); ok {
					held = string(b)
				}
				if text != "" && strings.Contains(held, text) {
					where = append(where, c.name)
				}
			}
		}
	}
	return where
}

type column struct {
	name  string
	value any
}

func (s *Store) rows(t *testing.T, text string) (all [][]column) {
	t.Helper()
	rows, err := s.writer.db.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]column, len(names)), make([]any, len(names))
		for i, name := range names {
			row[i].name, into[i] = name, &row[i].value
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
