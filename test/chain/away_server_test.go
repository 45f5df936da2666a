package chain

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/test/postgres"
	"cocarde.example/verify"
)

// stopwatch keeps the longest time that an answer took, by what was asked.
type stopwatch struct {
	next http.RoundTripper
	mu   sync.Mutex
	took time.Duration
	what string
}

// RoundTrip implements http.RoundTripper.
func (s *stopwatch) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	a, err := s.next.RoundTrip(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if took := time.Since(began); took > s.took {
		s.took, s.what = took, r.Method+" "+r.URL.Path
	}
	return a, err
}

// onServer starts an issuer whose database is at a URL.
func onServer(t *testing.T, database string) *world {
	t.Helper()
	migrated(t, database)
	return newWorld(t, func(s *setup) { s.environ = append(s.environ, "COCARDE_DATABASE="+database) })
}

// databaseName is that of the database at a URL.
func databaseName(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// A database server that is gone, or that does not answer any more, is told to
// everybody within a bound; once it is back the issuer goes on by itself.
func TestADatabaseServerThatIsAwayIsSaidToBeAndComesBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bound time.Duration // of any answer meanwhile
		leave func(t *testing.T) (database string, leave, comeBack func())
	}{
		"killed": {bound: 5 * time.Second, leave: func(t *testing.T) (string, func(), func()) {
			s := postgres.New(t)
			database, err := s.NewDatabase(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			must := func(f func() error) func() {
				return func() {
					t.Helper()
					if err := f(); err != nil {
						t.Fatal(err)
					}
				}
			}
			return database, must(s.Kill), must(s.StartAgain)
		}},
		"silent": {bound: 15 * time.Second, leave: func(t *testing.T) (string, func(), func()) {
			database, err := postgres.Shared(t).NewDatabase(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			g := newGate(t)
			return fewer(relay(t, g, database)), func() { g.hold() }, g.release
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, leave, comeBack := c.leave(t)
			w := onServer(t, database)
			instance := w.instance(t)
			issued := w.agent(t, instance).attested()
			proven, signing, other := w.agent(t, instance), w.agent(t, instance), w.agent(t, instance)
			proven.proven()
			signing.begin()
			callback := signing.signIn()
			watch := &stopwatch{next: proven.client.Transport}
			proven.client = &http.Client{Transport: watch, CheckRedirect: proven.client.CheckRedirect}
			other.client = proven.client

			leave()
			saysWhatIsAway(t, proven, other, signing.cookie, callback, issued.id())
			saysWhatIsAway(t, proven, other, signing.cookie, callback, issued.id())
			eventually(t, patience, func() error { return hasStatusCode(proven.visitor, issued.Public, verify.StatusUnavailable) })
			t.Logf("the longest answer took %v: %s", watch.took, watch.what)
			if watch.took > c.bound {
				t.Errorf("%s took %v", watch.what, watch.took)
			}
			comeBack()
			began := time.Now()
			eventually(t, patience, func() error {
				if got := proven.get("/readyz"); got.status != http.StatusOK {
					return errors.New("it is not ready again")
				}
				return hasStatus(proven.visitor, issued.Public, "valid")
			})
			t.Logf("ready again, with statuses, after %v", time.Since(began))
			proven.issue().want(http.StatusCreated)
			signing.visit(callback, signing.cookie).want(http.StatusOK)
			other.attested()
		})
	}
}
