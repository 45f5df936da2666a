package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"cocarde.example/internal/fault"
)

// SQLSTATE codes and classes of PostgreSQL, appendix A of its manual.
const (
	stateDiskFull            = "53100"
	stateTooManyConnections  = "53300"
	stateLockNotAvailable    = "55P03"
	stateQueryCanceled       = "57014"
	stateSerialization       = "40001"
	stateDeadlock            = "40P01"
	stateForbidden           = "42501"
	stateReadOnlyTransaction = "25006"
	stateIdleTransaction     = "25P03"
	stateNoSuchSetting       = "42704"

	classConnection   = "08"
	classDenied       = "28" // no such role, or another password
	classNoDatabase   = "3D"
	classResources    = "53"
	classIntervention = "57" // shut down, crashed, or starting
	classSystem       = "58"
	classInternal     = "XX"
)

func (d postgres) again(err error) bool {
	state := stateOf(err)
	return state == stateSerialization || state == stateDeadlock
}

// uncertain: a server that refuses a commit says so with an ERROR, and goes on.
// Whatever ends the connection leaves the question open.
func (d postgres) uncertain(err error) bool {
	var e *pgconn.PgError
	return !errors.As(err, &e) || e.SeverityUnlocalized != "ERROR"
}

// opening tells an error that came before the store stood.
func (d postgres) opening(err error) error {
	if _, told := fault.Of(err); told || err == nil {
		return err
	}
	err, connecting := attempt(err)
	switch state := stateOf(err); {
	case diskFull(err):
		return errDiskFull.Because(err)
	case state == stateTooManyConnections:
		return errConnections.Because(err)
	case state == stateNoSuchSetting:
		return errAddress.Because(err)
	case class(state) == classNoDatabase:
		return errNoDatabase.Because(err)
	case state == stateReadOnlyTransaction, errors.Is(err, pgconn.ErrStandbyConnection), errors.Is(err, pgconn.ErrReadOnlyConnection):
		return errReadOnly.Because(err)
	case state == stateForbidden, class(state) == classDenied:
		return errDenied.Because(err)
	case connecting, unreachable(err):
		return errUnreachable.Because(err)
	}
	if f := d.fault(err); f != nil {
		return f
	}
	return err
}

func (d postgres) fault(err error) error {
	err, connecting := attempt(err)
	switch state := stateOf(err); {
	case diskFull(err):
		return errFull.Because(err)
	case state == stateTooManyConnections, state == stateLockNotAvailable, state == stateQueryCanceled,
		state == stateIdleTransaction, d.again(err):
		return errBusy.Because(err)
	case state == stateForbidden, state == stateReadOnlyTransaction, connecting, unreachable(err):
		return errUnavailable.Because(err)
	}
	switch class(stateOf(err)) {
	case classDenied, classNoDatabase, classResources, classSystem, classInternal:
		return errUnavailable.Because(err)
	}
	return nil
}

// diskFull: a new connection that cannot write the file that the next ones begin with
// (pg_internal.init) is told an internal error without its cause.
func diskFull(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == stateDiskFull || class(e.Code) == classInternal && e.Routine == "write_item")
}

// unreachable says whether the server is away, or the way to it.
func unreachable(err error) bool {
	switch class(stateOf(err)) {
	case classConnection, classIntervention:
		return true
	}
	var network net.Error
	return errors.As(err, &network) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, context.DeadlineExceeded) ||
		err != nil && pgconn.SafeToRetry(err)
}

func stateOf(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func class(state string) string {
	if len(state) < 2 {
		return ""
	}
	return state[:2]
}
