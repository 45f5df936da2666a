package config

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

var (
	errDatabaseScheme   = errors.New("COCARDE_DATABASE: give the path of a SQLite file, or the URL of a PostgreSQL database: postgres://user@host:5432/name")
	errDatabasePassword = errors.New("COCARDE_DATABASE: a password does not belong in a URL, where others may read it; put it in a password file as libpq has it (host:port:database:user:password), readable by its owner alone, and name that by passfile=/path in the URL or by PGPASSFILE")
)

// noPath begins as a URL does, or as the other form that libpq takes (host=… user=…): taken
// for a path it would make a SQLite file, perhaps one that is named after a password.
var noPath = regexp.MustCompile(`^\s*([A-Za-z][A-Za-z0-9+.-]+:|[A-Za-z_]+\s*=)|://`)

// checkDatabase takes a path as it is. Its errors never show a URL that may hold
// a password.
func checkDatabase(s string) error {
	if !noPath.MatchString(s) {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || !strings.HasPrefix(s, "postgres://") && !strings.HasPrefix(s, "postgresql://") {
		return errDatabaseScheme
	}
	set, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errDatabaseScheme
	}
	if _, given := u.User.Password(); given || set.Has("password") || set.Has("sslpassword") {
		return errDatabasePassword
	}
	return nil
}
