package app_test

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"

	"cocarde.example/internal/app"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

func TestMain(m *testing.M) { os.Exit(postgres.Tests{M: m}.Run()) }

// A replay keeps away from a database that a server has, which need not be the one
// that holds the lease; and one that lost its connections and finds the database
// taken ends.
func TestReplayBesideServers(t *testing.T) {
	t.Parallel()
	database, err := postgres.Shared(t).NewDatabase(t.Context())
	must(t, err)
	_, err = store.Migrate(t.Context(), store.Options{Database: database})
	must(t, err)
	shared := []string{"COCARDE_DATABASE=" + database + "&pool_max_conns=2", "COCARDE_SECRET_FILE=" + t.TempDir() + "/secret", "COCARDE_PUBLISHED_DIR=" + t.TempDir() + "/published"}
	c := settings(t, t.TempDir(), shared...)
	serve := func() (end func() error, ended <-chan struct{}) {
		a, err := app.New(t.Context(), options(settings(t, t.TempDir(), shared...)))
		must(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		var failed error
		go func() {
			defer close(done)
			failed = a.Run(ctx)
		}()
		<-a.Ready()
		return func() error { stop(); <-done; return failed }, done
	}
	first, _ := serve()
	second, _ := serve()
	must(t, first())
	_, err = app.ReplayDatabase(t.Context(), c, false)
	if fault.Code(err) != "database_in_use" {
		t.Fatalf("beside a server: %v", err)
	}
	must(t, second())
	_, err = app.ReplayDatabase(t.Context(), c, false)
	must(t, err)

	third, ended := serve()
	cut, stop := context.WithCancel(t.Context())
	cutting := make(chan error, 1)
	go func() { cutting <- cutOff(cut, postgres.Shared(t), database) }()
	must(t, store.Alone(t.Context(), store.Options{Database: database}, func(context.Context, store.Options) error {
		stop()
		<-ended
		return nil
	}))
	must(t, <-cutting)
	if err := third(); fault.Code(err) != "storage_recovering" {
		t.Errorf("it ended with %v", err)
	}
}

// cutOff ends the connections of servers to a database, again and again.
func cutOff(ctx context.Context, s *postgres.Server, database string) error {
	u, err := url.Parse(database)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		err := s.Exec(context.WithoutCancel(ctx), strings.TrimPrefix(u.Path, "/"), postgres.EndHolders("ShareLock"))
		if err != nil {
			return err
		}
	}
	return nil
}
