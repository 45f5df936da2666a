package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	host      = "127.0.0.1"
	superuser = "postgres"
	owner     = "cocarde" // of every new database; no superuser
)

// PasswordFile is the path of the passwords of both users, in the form of libpq's
// .pgpass. Every URL names it (passfile), and none holds a password.
func (s *Server) PasswordFile() string { return s.file(passwordFile) }

// URL leads to a database as the user who owns the databases.
func (s *Server) URL(database string) string { return s.url(owner, database).String() }

// SuperuserURL leads to a database as the superuser.
func (s *Server) SuperuserURL(database string) string { return s.url(superuser, database).String() }

// SocketURL is [Server.URL] by the server's Unix socket instead of TCP.
func (s *Server) SocketURL(database string) string {
	u := s.url(owner, database)
	u.Host = ""
	u.RawQuery = url.Values{
		"host": {s.dir}, "port": {strconv.Itoa(s.port)}, "passfile": {s.PasswordFile()}, "sslmode": {"disable"},
	}.Encode()
	return u.String()
}

func (s *Server) url(user, database string) *url.URL {
	query := url.Values{"passfile": {s.PasswordFile()}, "sslmode": {"disable"}}
	if s.tls {
		query.Set("sslmode", "verify-full")
		query.Set("sslrootcert", s.AuthorityFile())
	}
	return &url.URL{
		Scheme: "postgres", User: url.User(user), Host: net.JoinHostPort(host, strconv.Itoa(s.port)),
		Path: "/" + database, RawQuery: query.Encode(),
	}
}

// NewDatabase makes an empty database of a random name and gives its URL, as its owner.
func (s *Server) NewDatabase(ctx context.Context) (string, error) {
	return s.newDatabase(ctx, "template1")
}

// NewDatabaseFrom makes a copy of a database of this server, given as its URL, and
// gives the copy's. Nobody may be connected to the one that is copied: PostgreSQL
// waits 5 seconds for that, then refuses.
func (s *Server) NewDatabaseFrom(ctx context.Context, template string) (string, error) {
	u, err := url.Parse(template)
	if err != nil {
		return "", err
	}
	return s.newDatabase(ctx, strings.TrimPrefix(u.Path, "/"))
}

func (s *Server) newDatabase(ctx context.Context, template string) (string, error) {
	name := "test_" + strings.ToLower(rand.Text())
	strategy := "wal_log"
	if slices.Contains(s.settings, "fsync=off") {
		strategy = "file_copy" // about three times faster here, but it syncs the disk twice
	}
	err := s.Exec(ctx, "postgres", fmt.Sprintf("CREATE DATABASE %s OWNER %s TEMPLATE %s STRATEGY %s",
		name, owner, pgx.Identifier{template}.Sanitize(), strategy))
	if err != nil {
		return "", fmt.Errorf("new database: %w", err)
	}
	return s.URL(name), nil
}

// Exec runs statements in a database as the superuser.
func (s *Server) Exec(ctx context.Context, database, sql string) error {
	conn, err := pgconn.Connect(ctx, s.SuperuserURL(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql).ReadAll()
	return err
}

// EndHolders is a statement that ends the connections to its database that hold an
// advisory lock in a mode, "ShareLock" or "ExclusiveLock" (pg_locks).
func EndHolders(mode string) string {
	return `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.mode = '` + mode + `'`
}

// addOwner makes the user who owns the databases.
func (s *Server) addOwner() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	return s.Exec(ctx, "postgres", fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", owner, s.ownerPassword))
}

// wait polls until the server answers.
func (s *Server) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := s.Exec(ctx, "postgres", "")
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.process.ended:
			return fmt.Errorf("it ended: %w", s.process.err)
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}
