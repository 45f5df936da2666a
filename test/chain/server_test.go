package chain

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
)

// server is a running issuer, or one of several that run it together.
type server struct {
	app    *app.App
	config config.Config
	halt   context.CancelFunc // asks it to stop
	ended  chan struct{}      // closed once it has
	runErr error
	way    *gate // to its database, where a test may close that
}

// start starts the server and waits until it is ready. It is to be ended, even if
// that fails.
func (s *server) start(from *setup) error {
	s.halt, s.ended = func() {}, make(chan struct{})
	o := from.options
	var err error
	if o.Config, err = config.Load("", from.environ); err == nil {
		s.config = o.Config
		s.app, err = app.New(context.Background(), o)
	}
	if err != nil {
		close(s.ended)
		return err
	}
	return s.run()
}

// run serves until the server is ended.
func (s *server) run() error {
	var ctx context.Context
	ctx, s.halt = context.WithCancel(context.Background())
	go func() {
		defer close(s.ended)
		s.runErr = s.app.Run(ctx)
	}()
	select {
	case <-s.app.Ready():
		return nil
	case <-s.ended:
		return errors.New("the issuer ended at once")
	case <-time.After(patience):
		return errors.New("the issuer does not get ready")
	}
}

// end stops the server, and gives what it ended with.
func (s *server) end() error {
	s.halt()
	<-s.ended
	return s.runErr
}

// database opens the server's database beside it; SQLite's only to be read.
func (s *server) database(t *testing.T) *sql.DB {
	t.Helper()
	driver, source := "pgx", strings.ReplaceAll(s.config.Database, "pool_max_conns", "application_name") // pgx alone knows no pools
	if !strings.HasPrefix(source, "postgres://") {
		path, err := filepath.Abs(source)
		if err != nil {
			t.Fatal(err)
		}
		driver, source = "sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// number asks the database for one number, beside the server.
func (s *server) number(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	db := s.database(t)
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
