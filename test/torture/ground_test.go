package torture

import (
	"context"
	"database/sql"
	"path/filepath"

	_ "modernc.org/sqlite"
)

// ground is the database of a round.
type ground interface {
	// servers is how many work on it at once.
	servers() int
	// mayBeAway says whether the database may be out of reach at times.
	mayBeAway() bool
	// database is the setting by which a process reaches it; the name is the process'.
	database(name string) string
	// open opens it for reading, beside the program, or to change it before a round.
	open(toChange bool) (*sql.DB, error)
	// tables is the query that names every table.
	tables() string
	// settled waits until nothing that a process of the name began goes on.
	settled(ctx context.Context, name string) error
	// crash ends the database server at once and starts it again; ok is false where
	// there is none.
	crash(ctx context.Context) (ok bool, err error)
}

// sqliteGround is a file.
type sqliteGround struct{ path string }

func newSQLite(dir string) sqliteGround { return sqliteGround{filepath.Join(dir, "cocarde.db")} }

func (g sqliteGround) servers() int                          { return 1 }
func (g sqliteGround) mayBeAway() bool                       { return false }
func (g sqliteGround) database(string) string                { return g.path }
func (g sqliteGround) settled(context.Context, string) error { return nil }
func (g sqliteGround) crash(context.Context) (bool, error)   { return false, nil }

func (g sqliteGround) tables() string { return `SELECT name FROM sqlite_master WHERE type = 'table'` }

// open keeps no connection: a log left behind is to be recovered by the program.
func (g sqliteGround) open(toChange bool) (*sql.DB, error) {
	mode := "ro"
	if toChange {
		mode = "rw"
	}
	db, err := sql.Open("sqlite", "file:"+g.path+"?mode="+mode+"&_pragma=busy_timeout(5000)")
	if err == nil {
		db.SetMaxIdleConns(0)
	}
	return db, err
}
