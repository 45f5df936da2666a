package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/pressly/goose/v3/database"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"cocarde.example/internal/fault"
)

// applicationID marks our files in the header of SQLite's format: "Coca".
const applicationID = 0x436f6361

// sqliteReaders bounds the connections that only read. Each has its own page
// cache; in WAL mode they neither wait for the writer nor keep it waiting.
const sqliteReaders = 4

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

// sqlite is a database in one file, with one connection that writes: SQLite has
// one writer at a time anyway, and a queue in Go is fair and may be left.
type sqlite struct {
	path string
	busy time.Duration // how long to wait for another process's transaction
}

func (d sqlite) migrations() (fs.FS, database.Dialect) {
	sub, err := fs.Sub(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub, database.DialectSQLite3
}

func (d sqlite) connect(ctx context.Context, create bool) (writers, readers *sql.DB, err error) {
	if err := d.file(create); err != nil {
		return nil, nil, err
	}
	// What is deleted is overwritten, and does not rest in free pages.
	writers, err = d.open(1, "foreign_keys(1)", "synchronous(FULL)", "secure_delete(1)")
	if err != nil {
		return nil, nil, err
	}
	readers, err = d.open(sqliteReaders, "query_only(1)")
	if err != nil {
		return nil, nil, errors.Join(err, writers.Close())
	}
	return writers, readers, nil
}

func (d sqlite) open(conns int, pragmas ...string) (*sql.DB, error) {
	path, err := filepath.Abs(d.path)
	if err != nil {
		return nil, errUnusable.Because(err)
	}
	timeout := "busy_timeout(" + strconv.FormatInt(d.busy.Milliseconds(), 10) + ")"
	query := url.Values{
		"mode":      {"rw"}, // never create
		"_pragma":   append([]string{timeout}, pragmas...),
		"_txlock":   {"immediate"},
		"_dqs":      {"0"},
		"_error_rc": {"1"},
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, errUnusable.Because(err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func (d sqlite) version(ctx context.Context, db *sql.DB) (int64, error) {
	var id, tables, versions, version int64
	err := db.QueryRowContext(ctx, `
		SELECT application_id,
		       (SELECT COUNT(*) FROM sqlite_schema),
		       (SELECT COUNT(*) FROM sqlite_schema WHERE name = 'goose_db_version')
		FROM pragma_application_id`).Scan(&id, &tables, &versions)
	switch {
	case err != nil:
		return 0, err
	case id == 0 && tables == 0:
		return 0, nil
	case id != applicationID:
		return 0, errForeign
	case versions == 0: // adopted, and stopped before the first migration
		return 0, nil
	}
	err = db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`).Scan(&version)
	if err != nil {
		return 0, err
	}
	return version, d.unprotected(ctx, db)
}

// unprotected finds a write-protected file at opening, and not at the first request. The
// statement takes the right to write and changes no page; BEGIN IMMEDIATE alone
// settles for reading.
func (d sqlite) unprotected(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `DELETE FROM goose_db_version WHERE FALSE`)
	return err
}

// adopt writes the mark before it changes the journal's mode, so that it stands
// in the file itself from the first moment.
func (d sqlite) adopt(ctx context.Context, db *sql.DB) error {
	mark := "PRAGMA application_id = " + strconv.Itoa(applicationID)
	for _, pragma := range []string{mark, "PRAGMA journal_mode = WAL"} {
		if _, err := db.ExecContext(ctx, pragma); err != nil {
			return err
		}
	}
	return nil
}

func (d sqlite) opening(err error) error {
	var e *driver.Error
	if _, told := fault.Of(err); told || !errors.As(err, &e) {
		return err
	}
	if full(e) {
		return errDiskFull.Because(err)
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return errCorrupt.Because(err)
	case lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_IOERR:
		return errUnusable.Because(err)
	}
	if f := d.fault(err); f != nil {
		return f
	}
	return err
}

// tables implements dialect.
func (d sqlite) tables() string { return `SELECT name FROM sqlite_schema WHERE type = 'table'` }

// writable: version has found a write-protected file.
func (d sqlite) writable(context.Context, *sql.DB) error { return nil }

func (d sqlite) name() string { return "sqlite" }

func (d sqlite) passed() string { return "" }

func (d sqlite) alone(ctx context.Context, act func(context.Context) error) error { return act(ctx) }

// lock: SQLite has one writer at a time.
func (d sqlite) lock() string { return "" }

func (d sqlite) share() string { return "" }

// clock has the milliseconds that SQLite knows.
func (d sqlite) clock() string { return "CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000" }

func (d sqlite) again(error) bool { return false }

// uncertain: a commit that fails here has rolled back.
func (d sqlite) uncertain(error) bool { return false }

func (d sqlite) longest() time.Duration { return 0 }

func (d sqlite) fault(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return nil
	}
	if full(e) {
		return errFull.Because(err)
	}
	switch e.Code() & 0xff { // the primary code of an extended one
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return errBusy.Because(err)
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CORRUPT,
		lib.SQLITE_NOTADB, lib.SQLITE_NOMEM, lib.SQLITE_PROTOCOL:
		return errUnavailable.Because(err)
	}
	return nil
}

// full says whether a disk has no room left, for the memory that processes share too,
// which is a file.
func full(e *driver.Error) bool {
	return e.Code()&0xff == lib.SQLITE_FULL || e.Code() == lib.SQLITE_IOERR_SHMSIZE
}

// noSpace says of an error of the system whether a disk, or a user's share of it, is full.
func noSpace(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }
