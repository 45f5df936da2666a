package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

// Faults of a database that worked before. Nothing was written.
var (
	errFull = fault.New(fault.Unavailable, "storage_full",
		"The server's storage is full. Nothing was changed. Try again later, or tell the operator.").After(time.Minute)
	errBusy = fault.New(fault.Unavailable, "storage_busy",
		"The server's storage is busy. Nothing was changed. Try again in a moment.").After(5 * time.Second)
	errUnavailable = fault.New(fault.Unavailable, "storage_unavailable",
		"The server's storage cannot be used now. Nothing was changed. Try again later, or tell the operator.").After(time.Minute)
)

// Faults of a database that cannot be opened. Nothing was touched.
var (
	errMissing = fault.New(fault.NotFound, "database_missing",
		"There is no database at this place. Check the path, or start the server once to make one.")
	errUnusable = fault.New(fault.Unavailable, "database_unusable",
		"The database cannot be opened for reading and writing. Check that its directory exists and that this user may write to the directory and the file.")
	errCorrupt = fault.New(fault.Conflict, "database_corrupt",
		"The file is not a database, or a damaged one. It was not touched. Check the path, or restore a backup.")
	errForeign = fault.New(fault.Conflict, "database_foreign",
		"The database belongs to another program. It was not touched. Give a path of its own.")
	errNewer = fault.New(fault.Conflict, "database_newer",
		"The database was written by a newer version of this program. It was not touched. Use that version or a later one.")
	errOutdated = fault.New(fault.Conflict, "database_outdated",
		"The database has an older schema. Run `cocarde db migrate` first.")
)

// answers are what callers ask about with errors.Is: they pass as they are.
var answers = []error{
	attest.ErrNotFound, attest.ErrState, attest.ErrAccountTaken, attest.ErrIndexTaken, attest.ErrRevoked,
	ErrFounded, context.Canceled, context.DeadlineExceeded,
}

// told turns an error of database/sql into what a method returns.
func (p *pool) told(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return attest.ErrNotFound
	}
	if _, ok := fault.Of(err); ok {
		return err
	}
	for _, a := range answers {
		if errors.Is(err, a) {
			return err
		}
	}
	if f := p.dialect.fault(err); f != nil {
		return f
	}
	return fmt.Errorf("store: %w", err)
}
