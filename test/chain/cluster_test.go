package chain

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/test/postgres"
)

// cluster is an issuer of several servers on one PostgreSQL database, behind a
// proxy, with one secret. Each has its own data directory, and its own way to the
// database. As a world it is what its visitors see; its one server there is the first.
type cluster struct {
	*world
	servers []*server // those that live
	proxy   *balancer
}

const replicas = 3

// newCluster starts an issuer on a database that is migrated and empty. Its
// servers start at once: one of them founds it.
func newCluster(t *testing.T, change ...func(*setup)) *cluster {
	t.Helper()
	database, err := postgres.Shared(t).NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{proxy: newBalancer(t)}
	ways := map[string]*gate{} // by URL; made before the servers, they close after them
	for range replicas {
		way := newGate(t)
		ways[relay(t, way, fewer(database))] = way
	}
	dir := t.TempDir()
	w, s, err := surroundings(usual(dir), append([]func(*setup){func(s *setup) {
		s.environ = append(s.environ, "COCARDE_URL="+c.proxy.URL, "COCARDE_TRUSTED_PROXIES=127.0.0.1",
			"COCARDE_SECRET_FILE="+filepath.Join(dir, "secret"))
		s.patience = patient
	}}, change...)...)
	if err != nil {
		t.Fatal(err)
	}
	c.world = w
	t.Cleanup(func() {
		if err := errors.Join(c.end(), w.closeAround()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	migrated(t, database)
	if err := c.start(t, s, ways); err != nil {
		t.Fatal(err)
	}
	c.world.server = c.servers[0]
	for _, s := range c.servers {
		c.proxy.add(s.app.Addr())
		s.config.Database = fewer(database) // tests go their own way
	}
	return c
}

// start starts the servers at once, each with its own way to the database.
func (c *cluster) start(t *testing.T, s *setup, ways map[string]*gate) error {
	t.Helper()
	errs, published := make(chan error, len(ways)), t.TempDir()
	var all sync.WaitGroup
	for database, way := range ways {
		own := *s
		own.environ = append(slices.Clone(s.environ), "COCARDE_DATABASE="+database+s.patience, "COCARDE_DATA_DIR="+t.TempDir(),
			"COCARDE_PUBLISHED_DIR="+published)
		started := &server{way: way}
		c.servers = append(c.servers, started)
		all.Go(func() { errs <- started.start(&own) })
	}
	all.Wait()
	close(errs)
	var err error
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

// fewer has a server open few connections: many servers share the tests' PostgreSQL.
func fewer(database string) string { return database + "&pool_max_conns=4" }

// patient has servers wait for each other as long as it takes where the machine does
// much else.
const patient = "&statement_timeout=1min&lock_timeout=50s"

// hasty has servers give the database up as soon as serve does: it is to fall silent.
func hasty(s *setup) { s.patience = "" }

func (c *cluster) end() error {
	var errs []error
	for _, s := range c.servers {
		errs = append(errs, s.end())
	}
	return errors.Join(errs...)
}

// migrated brings a database's schema up to date.
func migrated(t *testing.T, database string) {
	t.Helper()
	c, err := config.Load("", []string{"COCARDE_DATABASE=" + database})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.MigrateDatabase(context.WithoutCancel(t.Context()), c); err != nil {
		t.Fatal(err)
	}
}

// at is a visitor who reaches one server past the proxy.
func (c *cluster) at(t testing.TB, s *server) visitor {
	v := c.visitor(t)
	v.origin = "http://" + s.app.Addr()
	return v
}

// without takes a server out of the proxy, and out of those that live.
func (c *cluster) without(s *server) {
	c.proxy.remove(s.app.Addr())
	c.servers = slices.DeleteFunc(c.servers, func(other *server) bool { return other == s })
	c.world.server = c.servers[0]
}

// stop stops a server as an operator does.
func (c *cluster) stop(t *testing.T, s *server) {
	t.Helper()
	c.without(s)
	if err := s.end(); err != nil {
		t.Error(err)
	}
}

// cutOff has a server lose the database, which for all others is as if it had been
// killed: it gives nothing back.
func (c *cluster) cutOff(t *testing.T, s *server) {
	t.Helper()
	c.without(s)
	s.way.hold()
	t.Cleanup(func() {
		s.way.release()
		if err := s.end(); err != nil {
			t.Error(err)
		}
	})
}

// balancer is a reverse proxy that hands each request to the next server in turn,
// and tells in X-Served-By which that was.
type balancer struct {
	*httptest.Server
	mu      sync.Mutex
	servers []string // host:port
	next    int
}

func newBalancer(t *testing.T) *balancer {
	b := &balancer{}
	b.Server = httptest.NewServer(&httputil.ReverseProxy{
		Transport: direct,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", b.turn()
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			r.SetXForwarded()
		},
		ModifyResponse: func(a *http.Response) error {
			a.Header.Set("X-Served-By", a.Request.URL.Host)
			return nil
		},
	})
	t.Cleanup(b.Close)
	return b
}

func (b *balancer) turn() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return b.servers[b.next%len(b.servers)]
}

func (b *balancer) add(server string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.servers = append(b.servers, server)
}

func (b *balancer) remove(server string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.servers = slices.DeleteFunc(b.servers, func(s string) bool { return s == server })
}
