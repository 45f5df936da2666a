package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fediverse"
	"cocarde.example/internal/jobs"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/statuslist"
)

// busyTimeout is how long a transaction waits for another process's.
const busyTimeout = 5 * time.Second

// Options say which database to open.
type Options struct {
	// Database is the path of a SQLite file, or the URL of a PostgreSQL database:
	// postgres://, as libpq writes it.
	Database string
	// Migrate brings the schema up to date, and makes the SQLite file if there is
	// none. Without it both must stand already. A PostgreSQL database is its
	// server's to make.
	Migrate bool
	// Origin is that of the issuer whose database it must be, if it is anybody's yet;
	// empty where any will do.
	Origin string
	// Refused is called, if it is set, when a connection that is made later is refused
	// because somebody has the database alone: what this process knows of it is old then.
	Refused func()

	alone bool // see Alone
}

func (o Options) dialect() dialect {
	if OnServer(o.Database) {
		return postgres{url: o.Database, patience: patience(o.Database), member: !o.alone, refused: o.Refused}
	}
	return sqlite{path: o.Database, busy: busyTimeout}
}

// OnServer says whether a database is a server's and not a file.
func OnServer(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// Store is an open database. Its methods are safe for concurrent use, by many
// processes on the same database too.
type Store struct {
	writer *pool
	reader *pool
	schema Schema

	recorder Recorder
}

var (
	_ attest.Store       = (*Store)(nil)
	_ statuslist.Store   = (*Store)(nil)
	_ jobs.Store         = (*Store)(nil)
	_ keyring.Store      = (*Store)(nil)
	_ fediverse.AppStore = (*Store)(nil)
)

// Open opens a database whose schema is this program's. Errors that may be shown
// are faults whose codes begin with database_ or storage_; see the package.
func Open(ctx context.Context, o Options) (*Store, error) {
	return open(ctx, o.dialect(), o)
}

func open(ctx context.Context, d dialect, o Options) (*Store, error) {
	writers, readers, err := d.connect(ctx, o.Migrate)
	if err != nil {
		return nil, err
	}
	s := &Store{writer: newPool(writers, d), reader: newPool(readers, d)}
	if s.schema, err = upToDate(ctx, writers, d, o); err != nil {
		return nil, errors.Join(d.opening(err), s.Close())
	}
	return s, nil
}

// Writable refuses a database that takes no writes, such as a standby. It writes nothing.
func (s *Store) Writable(ctx context.Context) error {
	d := s.writer.dialect
	return d.opening(d.writable(ctx, s.writer.db))
}

// Close lets no new call in. Calls under way come to their end, and then their
// connections close.
func (s *Store) Close() error { return errors.Join(s.reader.close(), s.writer.close()) }
