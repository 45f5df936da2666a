package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"
)

// dialect is how goose names the site's database.
func (s *site) dialect() goose.Dialect {
	if s.database == nil {
		return goose.DialectSQLite3
	}
	return goose.DialectPostgres
}

// sql opens the site's database, or another beside it.
func (s *site) sql(name string) *sql.DB {
	s.t.Helper()
	driver, source := "sqlite", "file:"+s.dir+"/var/lib/cocarde/"+name+".db?_pragma=busy_timeout(5000)"
	if s.database != nil {
		driver, source = "pgx", s.database.SuperuserURL(name)
	}
	db, err := sql.Open(driver, source)
	must(s.t, err)
	s.t.Cleanup(func() { _ = db.Close() }) // some are closed before
	return db
}

// twoDaysLater lets the standby sign.
func (s *site) twoDaysLater() {
	s.t.Helper()
	db := s.sql("cocarde")
	_, err := db.ExecContext(s.t.Context(), `UPDATE signing_keys SET not_before = 0 WHERE state = 'announced'`)
	must(s.t, errors.Join(err, db.Close()))
}

// age puts the database back to the schema before the last step, with all that it holds and that
// schema has a place for: as the former program left it. The servers are stopped.
func (s *site) age() {
	s.t.Helper()
	ctx := s.t.Context()
	if s.database != nil {
		must(s.t, s.database.Exec(ctx, "postgres", `CREATE DATABASE former OWNER cocarde ENCODING 'UTF8' TEMPLATE template0`))
	}
	from, to := s.sql("cocarde"), s.sql("former")
	to.SetMaxOpenConns(1) // the settings below are a connection's
	if s.database != nil {
		_, err := to.ExecContext(ctx, `SET ROLE cocarde`)
		must(s.t, err)
	}
	s.migrateToLastButOne(ctx, to)
	s.pour(ctx, from, to)
	must(s.t, errors.Join(from.Close(), to.Close()))
	if s.database == nil {
		s.sh("rm -f var/lib/cocarde/cocarde.db-wal var/lib/cocarde/cocarde.db-shm; mv var/lib/cocarde/former.db var/lib/cocarde/cocarde.db")
		return
	}
	must(s.t, s.database.Exec(ctx, "postgres", `DROP DATABASE cocarde WITH (FORCE)`))
	must(s.t, s.database.Exec(ctx, "postgres", `ALTER DATABASE former RENAME TO cocarde`))
}

func (s *site) migrateToLastButOne(ctx context.Context, db *sql.DB) {
	s.t.Helper()
	folder := "sqlite"
	if s.database != nil {
		folder = "postgres"
	}
	folder = filepath.Join("../../internal/store/migrations", folder)
	names, err := filepath.Glob(folder + "/*.sql")
	must(s.t, err)
	slices.Sort(names)
	former, err := goose.NumericComponent(filepath.Base(names[len(names)-2]))
	must(s.t, err)
	provider, err := goose.NewProvider(s.dialect(), db, os.DirFS(folder), goose.WithDisableGlobalRegistry(true))
	must(s.t, err)
	_, err = provider.UpTo(ctx, former)
	must(s.t, err)
}

// pour copies every column that both databases have.
func (s *site) pour(ctx context.Context, from, to *sql.DB) {
	s.t.Helper()
	columns := `SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`
	before, after := `PRAGMA foreign_keys = OFF`, `PRAGMA application_id = `+s.mark(ctx, from)
	if s.database != nil {
		columns = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'`
		before = `RESET ROLE; SET session_replication_role = replica`
		after = `SELECT setval(pg_get_serial_sequence('events', 'id'), 1000), setval(pg_get_serial_sequence('outbox', 'id'), 1000)`
	}
	_, err := to.ExecContext(ctx, before)
	must(s.t, err)
	now, then := listed(s.t, from, columns), listed(s.t, to, columns)
	for table, names := range then {
		if table == "goose_db_version" {
			continue
		}
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(now[table], name) })
		_, err := to.ExecContext(ctx, "DELETE FROM "+table)
		must(s.t, err)
		s.pourTable(ctx, from, to, table, names)
	}
	_, err = to.ExecContext(ctx, after)
	must(s.t, err)
}

// mark is what says of a SQLite file whose it is.
func (s *site) mark(ctx context.Context, db *sql.DB) (mark string) {
	s.t.Helper()
	if s.database == nil {
		must(s.t, db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&mark))
	}
	return mark
}

func (s *site) pourTable(ctx context.Context, from, to *sql.DB, table string, names []string) {
	s.t.Helper()
	rows, err := from.QueryContext(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+table)
	must(s.t, err)
	defer rows.Close()
	own := "" // ids that the database would give by itself
	if s.database != nil {
		own = "OVERRIDING SYSTEM VALUE"
	}
	places := make([]string, len(names))
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range names {
		places[i], into[i] = fmt.Sprintf("$%d", i+1), &values[i]
	}
	for rows.Next() {
		must(s.t, rows.Scan(into...))
		_, err := to.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) %s VALUES (%s)", table, strings.Join(names, ", "), own, strings.Join(places, ", ")), values...)
		must(s.t, err)
	}
	must(s.t, rows.Err())
}

// listed gives the columns of each table.
func listed(t *testing.T, db *sql.DB, query string) map[string][]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	all := map[string][]string{}
	for rows.Next() {
		var table, column string
		must(t, rows.Scan(&table, &column))
		all[table] = append(all[table], column)
	}
	must(t, rows.Err())
	return all
}
