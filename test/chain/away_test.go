package chain

import (
	"database/sql"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/verify"
)

// breakDatabase makes the database one that SQLite refuses to read, for every
// connection at its next statement, and gives what mends it.
func (w *world) breakDatabase(t *testing.T) (mend func()) {
	t.Helper()
	path, err := filepath.Abs(w.config.Database)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=writable_schema(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	do := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
	}
	do(`INSERT INTO sqlite_schema VALUES ('table', 'away', 'away', 0, 'no SQL')`, `PRAGMA schema_version = 1000`)
	return func() {
		t.Helper()
		do(`DELETE FROM sqlite_schema WHERE name = 'away'`, `PRAGMA schema_version = 1001`)
	}
}

// Without its database the issuer says so, politely and everywhere; what needs
// none goes on. Once the database is back, so is the issuer.
func TestADatabaseThatIsAwayIsSaidToBeAndComesBack(t *testing.T) {
	t.Parallel()
	log := &record{}
	w := newWorld(t, func(s *setup) { s.options.Log = log.logger() })
	instance := w.instance(t)
	issued := w.agent(t, instance).attested()
	proven, signing := w.agent(t, instance), w.agent(t, instance)
	proven.proven()
	signing.begin()
	callback := signing.signIn()

	mend := w.breakDatabase(t)
	mustHold(t, proven.report(map[string]string{"attestation": issued.Public})) // statuses in memory are seconds old
	w.clock.advance(6 * time.Second)
	r := proven.report(map[string]string{"attestation": issued.Public})
	if r.Valid || r.Outcome != verify.OutcomeUnknown || r.Code != verify.StatusUnavailable {
		t.Errorf("without statuses a token is %s: %s", r.Outcome, r.Code)
	}
	saysWhatIsAway(t, proven, w.agent(t, instance), signing.cookie, callback, issued.id())

	mend()
	eventually(t, patience, func() error {
		if got := proven.get("/readyz"); got.status != http.StatusOK {
			return errors.New("it is not ready again")
		}
		return hasStatus(proven.visitor, issued.Public, "valid")
	})
	proven.issue().want(http.StatusCreated)
	signing.visit(callback, signing.cookie).want(http.StatusOK)
	for _, what := range []string{"periodic work failed", "outbox failed"} {
		if n := strings.Count(log.said(), what); n > 4 {
			t.Errorf("the log says %d times that the %s", n, what)
		}
	}
	if !strings.Contains(log.said(), "malformed database schema") {
		t.Error("the log does not say why")
	}
}

// saysWhatIsAway makes every kind of call while the database is away: those of an
// agent whose request is proven, of another one, of a browser that comes back from
// its instance, and of readers of a badge. All at once, since each may have to wait.
func saysWhatIsAway(t *testing.T, proven, other *agent, cookie, callback, badge string) {
	t.Helper()
	away := func(got answer) {
		t.Helper()
		got.refused(http.StatusServiceUnavailable, "storage_unavailable", "")
		got.retryAfter()
	}
	calls := []func(){
		func() { away(other.ask()) },
		func() { away(proven.issue()) },
		func() { away(proven.call(http.MethodGet, "", "")) },
		func() { away(proven.call(http.MethodDelete, "", "")) },
		func() { away(proven.call(http.MethodPost, "/account-proof", "{}")) },
		func() { away(proven.call(http.MethodPost, "/mailbox-proof", `{"code":"12345678"}`)) },
		func() { away(proven.do(http.MethodPost, "/v1/verify", `{"handle":"@a@social.example"}`)) },
		func() {
			ready := proven.get("/readyz")
			ready.refused(http.StatusServiceUnavailable, "not_ready", "")
			ready.retryAfter()
		},
	}
	for _, path := range []string{"/v1/attestations/" + badge, "/v1/attestations?handle=@a@social.example", "/status", "/status/1", "/b/" + badge + ".png"} {
		calls = append(calls, func() { away(proven.get(path)) })
	}
	for _, path := range []string{"/b/" + badge, "/verify?id=" + badge, "/verify?handle=@a@social.example", callback} {
		calls = append(calls, func() {
			page := proven.get(path, "Accept: text/html", "Accept-Language: fr", "Cookie: "+cookie)
			page.retryAfter()
			if page.status != http.StatusServiceUnavailable || !strings.Contains(page.text, "n’atteint pas sa base de données") {
				t.Errorf("%s: people are told %d: %s", path, page.status, page.text)
			}
		})
	}
	for _, path := range []string{"/", "/verify", "/request", "/docs", "/healthz", "/v1/agencies", "/.well-known/jwks.json", "/.well-known/jwt-vc-issuer"} {
		calls = append(calls, func() { proven.get(path).want(http.StatusOK) })
	}
	var all sync.WaitGroup
	for _, call := range calls {
		all.Go(call)
	}
	all.Wait()
}

// said is the log so far.
func (r *record) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}
