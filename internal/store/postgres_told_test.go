package store_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

// tells wants a database to be refused at opening with a code, by one line that names
// each of some things.
func tells(t *testing.T, database, code string, names ...string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Database: database, Origin: "https://cocarde.example.org"})
	if err == nil {
		_ = s.Close()
	}
	if fault.Code(err) != code {
		t.Fatalf("%v (%v), want %s", err, fault.Cause(err), code)
	}
	line := err.Error() + " " + fault.Cause(err).Error()
	for _, name := range names {
		if !strings.Contains(line, name) {
			t.Errorf("it does not tell %q: %s", name, line)
		}
	}
	if strings.Contains(line, "\n") {
		t.Errorf("more than one line: %s", line)
	}
}

// setting gives a URL with another value of a parameter.
func setting(t *testing.T, database, name, value string) string {
	t.Helper()
	return altered(t, database, func(u *url.URL) {
		set := u.Query()
		set.Set(name, value)
		u.RawQuery = set.Encode()
	})
}

func nameOf(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// What a URL names, and is not there or not as it must be.
func TestPostgresFilesOfTheURL(t *testing.T) {
	t.Parallel()
	database := newOnServer(t).database
	absent := filepath.Join(t.TempDir(), "absent")
	written := func(mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte("nothing of use\n"), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Run("no password file", func(t *testing.T) {
		tells(t, setting(t, database, "passfile", absent), "database_passfile", absent)
	})
	t.Run("an open password file", func(t *testing.T) {
		for _, mode := range []os.FileMode{0o644, 0o640, 0o602} {
			path := written(0o600)
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			tells(t, setting(t, database, "passfile", path), "database_passfile", path, "chmod 600")
		}
	})
	t.Run("a directory for a password file", func(t *testing.T) {
		dir := t.TempDir()
		tells(t, setting(t, database, "passfile", dir), "database_passfile", dir)
	})
	t.Run("a password file without the password", func(t *testing.T) {
		tells(t, setting(t, database, "passfile", written(0o600)), "database_denied")
	})
	for _, parameter := range []string{"sslrootcert", "sslcert", "sslkey"} {
		t.Run("no "+parameter, func(t *testing.T) {
			with := setting(t, setting(t, database, "sslmode", "verify-full"), parameter, absent)
			if parameter != "sslrootcert" { // both are needed
				other := map[string]string{"sslcert": "sslkey", "sslkey": "sslcert"}[parameter]
				with = setting(t, with, other, absent)
			}
			tells(t, with, "database_certificate", absent)
		})
	}
	t.Run("no certificate in sslrootcert", func(t *testing.T) {
		tells(t, setting(t, setting(t, database, "sslmode", "verify-full"), "sslrootcert", written(0o600)), "database_certificate")
	})
	t.Run("a certificate without its key", func(t *testing.T) {
		tells(t, setting(t, setting(t, database, "sslmode", "require"), "sslcert", absent), "database_address")
	})
}

func TestPostgresNoSuchDatabase(t *testing.T) {
	t.Parallel()
	tells(t, altered(t, emptyOnServer(t), func(u *url.URL) { u.Path = "/none" }), "database_missing", `"none"`)
}

// Each way to try is told by pgx on a line of its own; of several the most telling counts.
func TestPostgresTellsOneAttempt(t *testing.T) {
	t.Parallel()
	database := emptyOnServer(t)
	away := altered(t, database, func(u *url.URL) { u.Host = "127.0.0.1:1,127.0.0.1:2" })
	tells(t, setting(t, away, "sslmode", "prefer"), "database_unreachable", "127.0.0.1:1")
	nowhere := altered(t, database, func(u *url.URL) { u.Host = "one.invalid,other.invalid" })
	tells(t, setting(t, nowhere, "sslmode", "prefer"), "database_unreachable", "one.invalid")
	denied := altered(t, database, func(u *url.URL) { u.Host, u.User = "127.0.0.1:1,"+u.Host, url.User("none") })
	tells(t, setting(t, denied, "sslmode", "prefer"), "database_denied", `"none"`)
}

// A role, a database and the server itself each have a most of connections.
func TestPostgresTooManyConnections(t *testing.T) {
	t.Parallel()
	database := newOnServer(t).database
	run(t, database, `ALTER DATABASE `+nameOf(t, database)+` CONNECTION LIMIT 0`)
	tells(t, database, "database_connections", "too many connections for database")

	server := postgres.New(t, "max_connections=4", "superuser_reserved_connections=3", "max_wal_senders=0")
	only, err := server.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	held := beside(t, only)
	tells(t, setting(t, only, "sslmode", "prefer"), "database_connections", "connection slots")
	if err := held.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What a server says, and what is told of it: before a store stands, and of one that stands.
func TestPostgresStates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		said                pgconn.PgError
		opening, afterwards string
	}{
		{pgconn.PgError{Severity: "FATAL", Code: "XX000", Message: "could not write init file", Routine: "write_item"}, "database_full", "storage_full"},
		{pgconn.PgError{Severity: "ERROR", Code: "53100", Message: "could not extend file"}, "database_full", "storage_full"},
		{pgconn.PgError{Severity: "FATAL", Code: "53300", Message: "sorry, too many clients already"}, "database_connections", "storage_busy"},
		{pgconn.PgError{Severity: "FATAL", Code: "3D000", Message: "no such database"}, "database_missing", "storage_unavailable"},
		{pgconn.PgError{Severity: "FATAL", Code: "28P01", Message: "password"}, "database_denied", "storage_unavailable"},
		{pgconn.PgError{Severity: "FATAL", Code: "57P03", Message: "starting up"}, "database_unreachable", "storage_unavailable"},
		{pgconn.PgError{Severity: "ERROR", Code: "XX000", Message: "a defect"}, "storage_unavailable", "storage_unavailable"},
	} {
		opening, afterwards := store.ToldOfPostgres(fmt.Errorf("connect: %w", &c.said))
		if fault.Code(opening) != c.opening || fault.Code(afterwards) != c.afterwards {
			t.Errorf("%s: %v, then %v", &c.said, opening, afterwards)
		}
	}
}
