package torture

import (
	"context"
	"database/sql"
	"net/url"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"cocarde.example/test/postgres"
)

// postgresGround is a database of a PostgreSQL server.
type postgresGround struct {
	server *postgres.Server
	url    string
}

// newPostgres makes the database of a round.
func newPostgres(t *testing.T, s *postgres.Server) ground {
	t.Helper()
	url, err := s.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return postgresGround{s, url}
}

func (g postgresGround) servers() int    { return 2 }
func (g postgresGround) mayBeAway() bool { return true }

// database names the process to the server.
func (g postgresGround) database(name string) string {
	u, err := url.Parse(g.url)
	if err != nil {
		panic(err) // the server's own
	}
	query := u.Query()
	query.Set("application_name", name)
	u.RawQuery = query.Encode()
	return u.String()
}

func (g postgresGround) open(bool) (*sql.DB, error) { return sql.Open("pgx", g.url) }

func (g postgresGround) tables() string {
	return `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
}

// settled: what a killed process had sent is carried out to its end.
func (g postgresGround) settled(ctx context.Context, name string) error {
	db, err := g.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		var n int
		err := db.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity WHERE application_name = $1`, name).Scan(&n)
		if err == nil && n == 0 {
			return nil
		}
		if err := wait(ctx, pause); err != nil { // it may be away
			return err
		}
	}
}

func (g postgresGround) crash(context.Context) (bool, error) {
	if err := g.server.Kill(); err != nil {
		return true, err
	}
	return true, g.server.StartAgain()
}
