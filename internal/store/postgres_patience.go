package store

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// postgresStatement bounds a statement unless the URL has statement_timeout.
	postgresStatement = 6 * time.Second
	// postgresSilence is by how much longer a server is waited for that should have
	// ended a statement by then, and does not answer any more.
	postgresSilence = 2 * time.Second
)

// patience is how long a transaction may take: as long as one statement in it may, by
// the URL's statement_timeout, and a little more. A value that PostgreSQL does not
// take counts as none: it says so itself.
func patience(database string) time.Duration {
	statement := postgresStatement
	if u, err := url.Parse(database); err == nil {
		if set, ok := timeout(u.Query().Get("statement_timeout")); ok {
			statement = set
		}
	}
	if statement == 0 { // as long as it takes
		return 0
	}
	return statement + postgresSilence
}

// units are those of a time in PostgreSQL's settings, section 20.1.1 of its manual.
var units = map[string]time.Duration{
	"": time.Millisecond, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second,
	"min": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
}

func timeout(setting string) (time.Duration, bool) {
	digits := strings.TrimRight(setting, "abcdefghijklmnopqrstuvwxyz ")
	n, err := strconv.ParseInt(digits, 10, 32)
	unit, known := units[strings.TrimSpace(setting[len(digits):])]
	return time.Duration(n) * unit, err == nil && known && n >= 0
}
