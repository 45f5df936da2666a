package chain

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// holder gives the server that does the periodic work, which must be one that lives.
func (c *cluster) holder(t *testing.T) *server {
	t.Helper()
	db := c.database(t)
	defer db.Close()
	var name string
	if err := db.QueryRowContext(t.Context(), `SELECT COALESCE(MAX(holder), '') FROM leases WHERE name = 'jobs'`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	for _, s := range c.servers {
		own, err := os.ReadFile(filepath.Join(s.config.DataDir, "lock"))
		if err != nil {
			t.Fatal(err)
		}
		if string(own) == name {
			return s
		}
	}
	t.Fatal("no server that lives holds the lease")
	return nil
}

// everywhere waits until every server reports a status, and gives how long the
// last one took.
func (c *cluster) everywhere(t *testing.T, token, status string) time.Duration {
	t.Helper()
	began := time.Now()
	var all sync.WaitGroup
	for _, s := range c.servers {
		all.Go(func() {
			eventually(t, patience, func() error { return hasStatus(c.at(t, s), token, status) })
		})
	}
	all.Wait()
	return time.Since(began)
}

// Not parallel: it measures what is promised within a second.
func TestTakingBackIsSeenByEveryReplicaWithinASecond(t *testing.T) {
	c := newCluster(t, hasty)
	a := c.agent(t, c.instance(t))
	i := a.attested()
	desk := c.desk(t)
	act := attest.Act{BadgeID: i.id(), By: "operator", Reason: attest.LeftAgency}
	for _, last := range []struct {
		status string
		do     func(context.Context, attest.Act) (bool, error)
	}{{"valid", desk.Badges.Resume}, {"revoked", desk.Badges.Revoke}} {
		var took []time.Duration
		for _, step := range []struct {
			status string
			do     func(context.Context, attest.Act) (bool, error)
		}{{"suspended", desk.Badges.Suspend}, {"valid", desk.Badges.Resume}, {"suspended", desk.Badges.Suspend}, last} {
			if changed, err := step.do(t.Context(), act); err != nil || !changed {
				t.Fatalf("%s: changed %v, %v", step.status, changed, err)
			}
			took = append(took, c.everywhere(t, i.Public, step.status))
		}
		t.Logf("seen by all %d at worst after %v, of %v", len(c.servers), slices.Max(took), took)
		// On a machine that does much else meanwhile one may take longer; not all.
		if slices.Min(took) > time.Second {
			t.Errorf("seen by all %d after %v, never within a second", len(c.servers), took)
		}
		if last.status == "valid" {
			c.cutOff(t, c.holder(t)) // nobody holds the lease for the next seconds
		}
	}
	eventually(t, patience, func() error { return listed(a.visitor, i.Public, verify.Revoked) })
}

// published are the paths of everything that verifiers fetch.
var published = []string{
	"/.well-known/jwks.json", "/.well-known/jwt-vc-issuer", "/vct/agency-mailbox/v1", "/status", "/status/1", "/actor", "/openapi.yaml",
}

// sameEverywhere is nil if every server gives the same bytes under the same tag.
func (c *cluster) sameEverywhere(t *testing.T, path string) (text string, err error) {
	t.Helper()
	first := c.at(t, c.servers[0]).get(path).want(http.StatusOK)
	for _, s := range c.servers[1:] {
		got := c.at(t, s).get(path).want(http.StatusOK)
		if got.text != first.text || got.header.Get("ETag") != first.header.Get("ETag") {
			err = errors.New(path + " differs")
		}
		if got.header.Get("Cache-Control") != first.header.Get("Cache-Control") || got.header.Get("Content-Type") != first.header.Get("Content-Type") {
			t.Errorf("%s: headers differ: %v, %v", path, got.header, first.header)
		}
	}
	return first.text, err
}

func TestEveryReplicaPublishesTheSameBytes(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	i := c.agent(t, c.instance(t)).attested()
	paths := append([]string{"/v1/attestations/" + i.id()}, published...)
	for _, path := range paths {
		eventually(t, patience, func() error { _, err := c.sameEverywhere(t, path); return err })
	}
	before, _ := c.sameEverywhere(t, "/status/1")
	if _, err := c.desk(t).Badges.Suspend(t.Context(), attest.Act{BadgeID: i.id(), By: "operator", Reason: attest.LeftAgency}); err != nil {
		t.Fatal(err)
	}
	// Signed once: every server that shows another list than before shows this one.
	var after string
	lists := map[string]bool{before: true}
	look := func() error {
		for _, s := range c.servers {
			after = c.at(t, s).get("/status/1").want(http.StatusOK).text
			lists[after] = true
		}
		if same, err := c.sameEverywhere(t, "/status/1"); err != nil || same == before {
			return fmt.Errorf("the list is not new everywhere: %w", err)
		}
		return nil
	}
	eventually(t, patience, look)
	for range 5 {
		if err := look(); err != nil {
			t.Error(err)
		}
	}
	if len(lists) != 2 {
		t.Errorf("one change was published in %d lists", len(lists)-1)
	}
}

// Periodic work is one server's. Once that is stopped, another goes on at once;
// once it is lost, when its lease ends.
func TestPeriodicWorkIsDoneOnceAndGoesOn(t *testing.T) {
	t.Parallel()
	c := newCluster(t, hasty)
	instance := c.instance(t)
	const agents = 6
	mailed := func() {
		t.Helper()
		var all sync.WaitGroup
		for range agents {
			a := c.agent(t, instance)
			all.Go(func() {
				a.begin()
				a.proveAccount()
				a.codeMail(1)
				eventually(t, patience, func() error {
					if n := c.number(t, `SELECT count(*) FROM outbox WHERE request_id = $1`, a.id); n != 0 {
						return errors.New("a mail that was sent is kept")
					}
					return nil
				})
				if n := len(c.mailbox.Messages(a.mailbox)); n != 1 {
					t.Errorf("%d mails with one code", n)
				}
			})
		}
		all.Wait()
	}
	mailed()
	stopped := c.holder(t)
	began := time.Now()
	c.stop(t, stopped)
	mailed()
	t.Logf("the holder was stopped: the mails are out %v later", time.Since(began))
	lost := c.holder(t)
	began = time.Now()
	c.cutOff(t, lost)
	mailed()
	t.Logf("the holder was lost: the mails are out %v later", time.Since(began))
	if c.holder(t) != c.servers[0] {
		t.Error("nobody took over a lease that has ended")
	}
}
