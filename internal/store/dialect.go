package store

import (
	"context"
	"database/sql"
	"io/fs"

	"github.com/pressly/goose/v3/database"
)

// dialect is what differs between the databases; the queries do not.
type dialect interface {
	// connect opens the pools. It creates the database only if create is set, and
	// touches nothing that is not empty or ours.
	connect(ctx context.Context, create bool) (writers, readers *sql.DB, err error)
	// version gives the version of the schema that stands in the database: 0 in an
	// empty one, a fault in one that is not ours.
	version(ctx context.Context, db *sql.DB) (int64, error)
	// adopt marks an empty database as ours, before its first migration.
	adopt(ctx context.Context, db *sql.DB) error
	// migrations are the schema's, and goose's name for the dialect.
	migrations() (fs.FS, database.Dialect)
	// fault turns an error of the driver into one that may be shown, if it is about
	// the storage and not about the query; nil otherwise.
	fault(err error) error
}
