package chain

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/internal/app"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/sandbox"
	"cocarde.example/verify"
	"cocarde.example/verify/online"
)

// keysDesk is the command line's way to the keys, by the world's clock.
func (w *world) keysDesk(t *testing.T) *app.Desk {
	t.Helper()
	d, err := app.OpenDeskAt(t.Context(), w.config, w.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// caching verifies online, and keeps keys and lists for as long as it is told.
type caching struct {
	*verify.Verifier
	askedKeys atomic.Int64
}

func (w *world) caching(t *testing.T) *caching {
	t.Helper()
	s := &caching{}
	source, err := online.New(online.Config{HTTP: &http.Client{Transport: s}, Trust: []string{w.origin()}, Now: w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	s.Verifier = verify.New(verify.Config{Source: source, Now: w.clock.now})
	return s
}

// RoundTrip implements http.RoundTripper.
func (s *caching) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/.well-known/jwks.json" {
		s.askedKeys.Add(1)
	}
	return direct.RoundTrip(r)
}

// holds is nil if the stranger believes the token.
func (s *caching) holds(token string) error {
	if r := s.Verify(context.Background(), token, verify.AnyAccount()); !r.Valid {
		return fmt.Errorf("%s, code %q: %+v", r.Outcome, r.Code, r.Checks)
	}
	return nil
}

// publishedKeys are the ids of the keys that an issuer shows, oldest first.
func publishedKeys(v visitor) (kids []string) {
	v.t.Helper()
	var set struct{ Keys []struct{ Kid string } }
	v.get("/.well-known/jwks.json").into(&set)
	for _, k := range set.Keys {
		kids = append(kids, k.Kid)
	}
	return kids
}

// kidOf names the key that signed a token.
func kidOf(token string) string { return verify.ListKey(token) }

// load checks all that was issued, again and again, until it is told to stop.
func (s *caching) load(t *testing.T, tokens func() []string) (stop func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for {
				for _, token := range tokens() {
					if err := s.holds(token); err != nil {
						t.Errorf("during a rotation: %v", err)
						return
					}
				}
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	return func() {
		close(done)
		all.Wait()
	}
}

// Keys change while agents get attestations and a stranger, who keeps the keys for
// the hour that he is told, checks all of them: no check fails, and he never has to
// ask for keys out of turn.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	t.Run("one server", func(t *testing.T) {
		t.Parallel()
		rotateUnderLoad(t, newWorld(t))
	})
	t.Run("replicas", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		rotateUnderLoad(t, c.world)
		shown := c.visitor(t).get("/.well-known/jwks.json").text
		for _, s := range c.servers {
			eventually(t, patience, func() error {
				if c.at(t, s).get("/.well-known/jwks.json").text != shown {
					return fmt.Errorf("%s shows other keys", s.app.Addr())
				}
				return nil
			})
		}
	})
}

func rotateUnderLoad(t *testing.T, w *world) {
	t.Helper()
	w.clock.toMorning()
	desk, instance := w.keysDesk(t), w.instance(t)
	if _, err := desk.Keys.Rotate(t.Context()); fault.Code(err) != "key_too_new" {
		t.Errorf("a standby of today: %v", err)
	}
	var mu sync.Mutex
	tokens := []string{w.agent(t, instance).attested().Public}
	known := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(tokens)
	}
	signers := map[string]bool{kidOf(tokens[0]): true}
	for range 2 {
		w.clock.advance(49 * time.Hour) // the standby's time has come
		s := w.caching(t)
		eventually(t, patience, func() error { return s.holds(tokens[0]) })
		asked := s.askedKeys.Load()
		var agents []*agent
		for range 4 {
			a := w.agent(t, instance)
			a.proven()
			agents = append(agents, a)
		}
		stop := s.load(t, known)
		var issuing sync.WaitGroup
		for n, a := range agents {
			issuing.Go(func() {
				if n == 1 {
					if _, err := desk.Keys.Rotate(context.WithoutCancel(t.Context())); err != nil {
						t.Error(err)
					}
				}
				var i issued
				a.issue().want(http.StatusCreated).into(&i)
				mu.Lock()
				defer mu.Unlock()
				tokens = append(tokens, i.Public)
			})
		}
		issuing.Wait()
		last := w.agent(t, instance).attested().Public
		mu.Lock()
		tokens = append(tokens, last)
		mu.Unlock()
		eventually(t, patience, func() error { return listSignedBy(w.visitor(t), kidOf(last)) })
		stop()
		if n := s.askedKeys.Load() - asked; n != 0 {
			t.Errorf("the stranger asked for keys %d times more", n)
		}
		signers[kidOf(last)] = true
	}
	if len(signers) != 3 {
		t.Errorf("%d keys have signed, want 3", len(signers))
	}
	if shown := publishedKeys(w.visitor(t)); len(shown) != 4 { // two retired, one active, one standby
		t.Errorf("the keys %v are published", shown)
	}
}

// listSignedBy is nil if the first list is signed by this key.
func listSignedBy(v visitor, kid string) error {
	v.t.Helper()
	if got := verify.ListKey(v.get("/status/1").text); got != kid {
		return fmt.Errorf("the list is signed by %s, want %s", got, kid)
	}
	return nil
}

// Keys take their turns by themselves, and what a former one signed holds to its end.
func TestKeysTakeTheirTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.toMorning()
	v, instance, s := w.visitor(t), w.instance(t), w.caching(t)
	first := w.agent(t, instance).attested().Public
	shown := publishedKeys(v)
	standby := slices.DeleteFunc(slices.Clone(shown), func(kid string) bool { return kid == kidOf(first) })
	if len(shown) != 2 || len(standby) != 1 { // both were made at the same moment, so that neither comes first
		t.Fatalf("%v, and %s signs", shown, kidOf(first))
	}
	w.clock.advance(91 * 24 * time.Hour)
	eventually(t, patience, func() error { return listSignedBy(v, standby[0]) })
	if next := publishedKeys(v); len(next) != 3 || !slices.Equal(next[:2], shown) {
		t.Errorf("%v, and before %v", next, shown)
	}
	second := w.agent(t, instance).attested().Public
	if kidOf(second) != standby[0] {
		t.Errorf("%s signs", kidOf(second))
	}
	w.clock.advance(88 * 24 * time.Hour)
	eventually(t, patience, func() error { return hasStatus(v, first, "valid") })
	for _, token := range []string{first, second} {
		eventually(t, patience, func() error { return s.holds(token) }) // once the lists are signed anew
	}
	w.clock.advance(2 * 24 * time.Hour) // the first has ended
	eventually(t, patience, func() error { return hasStatusCode(v, first, verify.Expired) })
	w.clock.advance(30 * 24 * time.Hour)
	eventually(t, patience, func() error {
		if kids := publishedKeys(v); slices.Contains(kids, kidOf(first)) || len(kids) != 3 {
			return fmt.Errorf("the keys %v are published", kids)
		}
		return nil
	})
	eventually(t, patience, func() error { return s.holds(second) })
	eventually(t, patience, func() error { return hasStatus(v, second, "valid") })
}

// A key that leaked goes, with all that it signed, and agents get new badges.
func TestRevokedKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	instance, desk, s := w.instance(t), w.keysDesk(t), w.caching(t)
	a := w.agent(t, instance)
	old := a.attested()
	kid := kidOf(old.Public)
	waiting := w.agent(t, instance)
	waiting.proven()
	if err := s.holds(old.Public); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Keys.Revoke(t.Context(), "unknown", "leaked"); fault.Code(err) != "key_unknown" {
		t.Errorf("%v", err)
	}
	for _, reason := range []string{"", "two\nlines", strings.Repeat("x", 201), "\xff"} {
		if _, err := desk.Keys.Revoke(t.Context(), kid, reason); fault.Code(err) != "key_reason" {
			t.Errorf("%q: %v", reason, err)
		}
	}
	early, err := desk.Keys.Revoke(t.Context(), kid, "copied with a disk") // what it signed is left to the server
	if err != nil || !early {
		t.Fatalf("early %v, %v", early, err)
	}
	fresh := func() (i issued) {
		waiting.issue().want(http.StatusCreated).into(&i)
		return i
	}()
	if kidOf(fresh.Public) == kid {
		t.Fatal("a revoked key signs")
	}
	eventually(t, patience, func() error { return hasStatusCode(a.visitor, old.Public, verify.KeyRevoked) })
	eventually(t, patience, func() error { return listSignedBy(a.visitor, kidOf(fresh.Public)) })
	eventually(t, patience, func() error { return listed(a.visitor, old.Public, verify.Revoked) })
	if shown := publishedKeys(a.visitor); slices.Contains(shown, kid) || len(shown) != 2 || shown[0] != kidOf(fresh.Public) {
		t.Errorf("the keys %v are published", shown)
	}
	var metadata struct {
		Revoked []verify.RevokedKey `json:"revoked_keys"`
	}
	a.get("/.well-known/jwt-vc-issuer").into(&metadata)
	if len(metadata.Revoked) != 1 || metadata.Revoked[0].KeyID != kid || metadata.Revoked[0].Reason != "copied with a disk" || metadata.Revoked[0].RevokedAt.IsZero() {
		t.Errorf("%+v", metadata)
	}

	// A stranger learns it when his keys are an hour old, at the latest.
	w.clock.advance(time.Hour + time.Minute)
	eventually(t, patience, func() error {
		if r := s.Verify(t.Context(), old.Public, verify.AnyAccount()); r.Code != verify.KeyRevoked {
			return fmt.Errorf("the stranger says %q", r.Code)
		}
		return nil
	})
	if err := s.holds(fresh.Public); err != nil {
		t.Error(err)
	}
	told := a.mailed(func(m sandbox.Message) bool { return strings.Contains(m.Text, "une clé qui signait des attestations") }, 1)
	if strings.Contains(told.Text, a.handle) || strings.Contains(told.Text, old.id()) || !strings.Contains(told.Text, w.origin()) {
		t.Errorf("the mail says\n%s", told.Text)
	}
	a.codes = 1
	again := a.attested()
	if kidOf(again.Public) != kidOf(fresh.Public) || again.id() == old.id() {
		t.Errorf("%s, signed by %s", again.id(), kidOf(again.Public))
	}
	mustHold(t, a.report(map[string]string{"attestation": again.Public}))
}
