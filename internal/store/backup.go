package store

import (
	"context"

	"cocarde.example/internal/backup"
	"cocarde.example/internal/fault"
)

// Faults of a backup that does not fit where it is to be restored. Nothing was
// touched.
var (
	errDialect = fault.New(fault.Conflict, "backup_dialect",
		"The backup is of the other kind of database: one of SQLite is restored to SQLite, one of PostgreSQL to PostgreSQL. Set COCARDE_DATABASE to such a database.")
	errNotEmpty = fault.New(fault.Conflict, "database_not_empty",
		"There is a database already. It was not touched. Restore into an empty one, or move this one away.")
	errNoRoom = fault.New(fault.Unavailable, "database_full",
		"There is no room for the restored database, so it was not made. Make room on its disk, then repeat the command; where it says then that there is a database, run `cocarde db replay`.")
)

// Progress is told how many bytes of how many are done. The total may be an estimate.
type Progress func(done, total int64)

// Backup writes the database as it is at one moment, while others go on writing
// to it. begin makes the writer once it is known what the backup holds.
func (s *Store) Backup(ctx context.Context, begin func(backup.Header) (*backup.Writer, error), p Progress) error {
	return s.reader.told(s.reader.dialect.backup(ctx, s.reader.db, s.schema.Found, begin, p))
}

// headerQuery asks for the members of a header that every dialect has.
const headerQuery = `SELECT COALESCE((SELECT origin FROM meta), ''), COALESCE((SELECT record FROM meta), ''), ` + lastSeq

// copier counts what goes by.
type copier struct {
	to    *backup.Writer
	total int64
	done  int64
	told  Progress
}

func (c *copier) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.done += int64(n)
	c.told(c.done, max(c.total, c.done))
	return n, err
}
