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

// ErrUncertain is the one fault after which something may have been written.
var ErrUncertain = fault.New(fault.Unavailable, "storage_uncertain",
	"The connection to the server's storage was lost while the change was being written: it may have been made, or not. Look again before you repeat it.").After(5 * time.Second)

// Faults of a database that cannot be opened. Nothing was touched.
var (
	errMissing = fault.New(fault.NotFound, "database_missing",
		"There is no database at this place. Check the path, or start the server once to make one.")
	errUnusable = fault.New(fault.Unavailable, "database_unusable",
		"The database cannot be opened for reading and writing. Check that its directory exists and that this user may write to the directory and the file.")
	errCorrupt = fault.New(fault.Conflict, "database_corrupt",
		"The file is not a database, or a damaged one. It was not touched. Check the path, or restore a backup.")
	errForeign = fault.New(fault.Conflict, "database_foreign",
		"The database belongs to another program. It was not touched. Give this one a database of its own.")
	errForeignTable = fault.New(fault.Conflict, "database_foreign",
		"A table in the database belongs to another program or role. Nothing was touched. Give this program a database of its own; or, if the table is its own, give that to its role (ALTER TABLE … OWNER TO …).")
	errIncomplete = fault.New(fault.Conflict, "database_corrupt",
		"The database lacks a table that this program made. It was not touched. Restore a backup into an empty database.")
	errReadOnly = fault.New(fault.Unavailable, "database_read_only",
		"The database takes no writes: it is a standby, or default_transaction_read_only is on. Nothing was touched. Name the primary server in COCARDE_DATABASE, or switch that off.")
	errAddress = fault.New(fault.Invalid, "database_address",
		"The database's URL cannot be read. Write it like postgres://user@host:5432/name?passfile=/path/to/passwords.")
	errUnreachable = fault.New(fault.Unavailable, "database_unreachable",
		"The database server cannot be reached. Check that it runs, its host and port in COCARDE_DATABASE, and for TLS (sslmode) that its certificate names that host.")
	errDenied = fault.New(fault.Forbidden, "database_denied",
		"The database server does not let this program in. Check the user and the password file, and that the user may create tables there, or owns those that stand, and write to them.")
	errPassfile = fault.New(fault.Forbidden, "database_passfile",
		"The database's password file (passfile in COCARDE_DATABASE, or PGPASSFILE) cannot be used. It must be there, and be readable by the user of this program and by nobody else (chmod 600).")
	errCertificate = fault.New(fault.Unavailable, "database_certificate",
		"A file for TLS that COCARDE_DATABASE names (sslrootcert, sslcert, sslkey) cannot be used. Check that it is there, that this user may read it, and that it is a PEM file.")
	errConnections = fault.New(fault.Unavailable, "database_connections",
		"The database server has no connection left for this program. Raise max_connections, or the limit of the role or the database, or lower pool_max_conns in COCARDE_DATABASE: all servers and commands together must fit.")
	errNoDatabase = fault.New(fault.NotFound, "database_missing",
		"The database server has no database of this name. Check the name in COCARDE_DATABASE, or make it with createdb.")
	errDiskFull = fault.New(fault.Unavailable, "database_full",
		"There is no room left on the database's disk. Make room there, then repeat the command, or start the server.")
	errServer = fault.New(fault.Conflict, "database_server",
		"The database server does not fit: PostgreSQL 15 or later is needed, and a database in UTF8. Nothing was touched.")
	errNewer = fault.New(fault.Conflict, "database_newer",
		"The database was written by a newer version of this program. It was not touched. Use that version or a later one.")
	// ErrOtherIssuer is of a backup, too.
	ErrOtherIssuer = fault.New(fault.Conflict, "issuer_other",
		"This database, or backup, belongs to another issuer: attestations name its origin for ever. Nothing was touched. Set COCARDE_URL to that origin, or use another database.")
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
