package store

import (
	"context"
	"database/sql"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3/database"

	"cocarde.example/internal/backup"
)

// dialect is what differs between the databases; the queries do not.
type dialect interface {
	// name is how backups name the dialect.
	name() string
	// connect opens the pools. It creates the database only if create is set, and
	// touches nothing that is not empty or ours.
	connect(ctx context.Context, create bool) (writers, readers *sql.DB, err error)
	// version gives the version of the schema that stands in the database: 0 in an
	// empty one, a fault in one that is not ours.
	version(ctx context.Context, db *sql.DB) (int64, error)
	// tables is the query for the names of the schema's tables.
	tables() string
	// writable refuses a database that takes no writes, and writes nothing.
	writable(ctx context.Context, db *sql.DB) error
	// adopt makes an empty database ours, before its first migration.
	adopt(ctx context.Context, db *sql.DB) error
	// migrations are the schema's, and goose's name for the dialect.
	migrations() (fs.FS, database.Dialect)
	// opening tells an error that came before the store stood.
	opening(err error) error
	// lock is the statement that keeps others from the number $1 until the
	// transaction ends; empty where transactions that write come one by one anyway.
	lock() string
	// share is the statement that keeps whoever locks the number $1 from it, and
	// nobody else, until the transaction ends; empty where lock is.
	share() string
	// clock is an expression for the database's time in Unix microseconds.
	clock() string
	// passed is the statement after which the database gives no event an id up to $1
	// by itself; empty where it goes by the highest that stands.
	passed() string
	// backup, empty and restore: see Store.Backup, Restorable and Restore.
	backup(ctx context.Context, db *sql.DB, schema int64, begin func(backup.Header) (*backup.Writer, error), p Progress) error
	empty(ctx context.Context) error
	restore(ctx context.Context, b *backup.Reader, finish func(context.Context, *Store) error) error
	// alone runs an act while nobody else has the database open; see Alone.
	alone(ctx context.Context, act func(context.Context) error) error
	// again says whether a transaction failed only because of another, so that it
	// may be tried once more.
	again(err error) bool
	// uncertain says whether a commit that failed may have been done all the same.
	uncertain(err error) bool
	// longest bounds a transaction, and a query outside of any, when its caller sets
	// no earlier end; 0 for no bound.
	longest() time.Duration
	// fault turns an error of the driver into one that may be shown, if it is about
	// the storage and not about the query; nil otherwise.
	fault(err error) error
}
