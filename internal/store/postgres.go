package store

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3/database"
)

const (
	// postgresConns is how many connections one process opens at most, unless the
	// URL has pool_max_conns: half of them write.
	postgresConns = 16
	// postgresConnLife lets a server that was replaced behind its name be found.
	postgresConnLife = 30 * time.Minute
	// postgresConnect bounds the wait for a connection, unless the URL has
	// connect_timeout.
	postgresConnect = 5 * time.Second
	// postgresOldest is the oldest version that is tested, as server_version_num.
	postgresOldest = 150000
)

// postgresSession are set for every connection unless the URL sets them: a
// process that is stopped in the middle of a transaction must not keep its locks.
var postgresSession = map[string]string{
	"application_name":                    "cocarde",
	"statement_timeout":                   postgresStatement.String(),
	"lock_timeout":                        "5s",
	"idle_in_transaction_session_timeout": "15s",
}

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

// postgres is a database of a PostgreSQL server. Transactions run side by side
// at READ COMMITTED: each statement sees what was committed before it, and a row
// that another transaction changes is waited for and looked at again.
type postgres struct {
	url      string
	patience time.Duration // bounds what hangs because its server does not answer any more
	member   bool          // whether its connections take part; see takePart
	refused  func()        // may be nil
}

func (d postgres) migrations() (fs.FS, database.Dialect) {
	sub, err := fs.Sub(postgresMigrations, "migrations/postgres")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub, database.DialectPostgres
}

func (d postgres) connect(ctx context.Context, _ bool) (writers, readers *sql.DB, err error) {
	c, err := d.config()
	if err != nil {
		return nil, nil, err
	}
	half := max(int(c.MaxConns)/2, 1)
	writers = postgresPool(c.ConnConfig, half)
	c = c.Copy()
	c.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	return writers, postgresPool(c.ConnConfig, half), nil
}

func postgresPool(c *pgx.ConnConfig, conns int) *sql.DB {
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxLifetime(postgresConnLife)
	return db
}

// config reads the URL as libpq does, with defaults of our own where it is
// silent: of several hosts the primary one, and no connection to
// another machine without TLS and a certificate that names it.
func (d postgres) config() (*pgxpool.Config, error) {
	u, err := url.Parse(d.url)
	if err != nil {
		return nil, errAddress.Because(err)
	}
	set := u.Query()
	if err := checkPassfile(cmp.Or(set.Get("passfile"), os.Getenv("PGPASSFILE"))); err != nil {
		return nil, err
	}
	if !set.Has("target_session_attrs") {
		set.Set("target_session_attrs", "primary")
	}
	c, err := parsePostgres(u, set)
	if err == nil && !set.Has("sslmode") && os.Getenv("PGSSLMODE") == "" && leavesHost(&c.ConnConfig.Config) {
		set.Set("sslmode", "verify-full")
		c, err = parsePostgres(u, set)
	}
	if err != nil {
		return nil, unparsed(err)
	}
	if !set.Has("pool_max_conns") {
		c.MaxConns = postgresConns
	}
	for name, value := range postgresSession {
		c.ConnConfig.RuntimeParams[name] = cmp.Or(c.ConnConfig.RuntimeParams[name], value)
	}
	c.ConnConfig.ConnectTimeout = cmp.Or(c.ConnConfig.ConnectTimeout, postgresConnect)
	if d.member {
		c.ConnConfig.AfterConnect = d.takePart
	}
	return c, nil
}

func parsePostgres(u *url.URL, set url.Values) (*pgxpool.Config, error) {
	with := *u
	with.RawQuery = set.Encode()
	return pgxpool.ParseConfig(with.String())
}

// leavesHost says whether a connection may leave this machine.
func leavesHost(c *pgconn.Config) bool {
	hosts := []string{c.Host}
	for _, f := range c.Fallbacks {
		hosts = append(hosts, f.Host)
	}
	for _, h := range hosts {
		a, err := netip.ParseAddr(h)
		if !filepath.IsAbs(h) && h != "localhost" && (err != nil || !a.IsLoopback()) {
			return true
		}
	}
	return false
}

// adopt: the first migration itself marks the database, in its transaction.
func (d postgres) adopt(context.Context, *sql.DB) error { return nil }

func (d postgres) name() string { return "postgresql" }

func (d postgres) passed() string {
	return `SELECT setval(pg_get_serial_sequence('events', 'id'), GREATEST($1, (SELECT MAX(id) FROM events)))`
}

func (d postgres) lock() string { return `SELECT pg_advisory_xact_lock($1)` }

func (d postgres) share() string { return `SELECT pg_advisory_xact_lock_shared($1)` }

func (d postgres) clock() string {
	return `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`
}

func (d postgres) longest() time.Duration { return d.patience }

// pipeline implements pipeliner. The statements are prepared on each connection at
// their first use there.
func (d postgres) pipeline(ctx context.Context, conn *sql.Conn, steps []step) (changed []int64, err error) {
	var batch pgx.Batch
	changed = make([]int64, len(steps))
	for n, s := range steps {
		batch.Queue(s.text, s.args...).Exec(func(done pgconn.CommandTag) error {
			changed[n] = done.RowsAffected()
			return nil
		})
	}
	err = conn.Raw(func(c any) error {
		return c.(*stdlib.Conn).Conn().SendBatch(ctx, &batch).Close()
	})
	return changed, err
}
