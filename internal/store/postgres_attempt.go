package store

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// attempt gives, of an error at connecting, the attempt that tells most, and says
// whether it is one. pgx tries each address of each host, with and without TLS, and
// tells of all of them.
func attempt(err error) (_ error, connecting bool) {
	var all *pgconn.ConnectError
	if !errors.As(err, &all) {
		return err, false
	}
	told := all.Unwrap()
	var several interface{ Unwrap() []error } // what errors.Join makes
	if errors.As(told, &several) {
		told = mostTelling(several.Unwrap())
	}
	return fmt.Errorf("connect as %s to the database %q: %w", all.Config.User, all.Config.Database, told), true
}

// mostTelling prefers what a server says to what the way to one does, and the first
// to those after it. That a server is a standby only matters if none was away.
func mostTelling(attempts []error) error {
	var server, other error
	for _, err := range attempts {
		switch {
		case stateOf(err) != "":
			server = cmp.Or(server, err)
		case !errors.Is(err, pgconn.ErrStandbyConnection):
			other = cmp.Or(other, err)
		}
	}
	return cmp.Or(server, other, attempts[0])
}
