package snac_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/fediverse"
	"cocarde.example/test/snac"
)

const hostName = "snac.test"

// start starts the real server, or skips where it was not fetched; CI must have it.
func start(t *testing.T) *snac.Instance {
	t.Helper()
	program := "../../" + snac.Program
	if _, err := os.Stat(program); errors.Is(err, os.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("snac2 is not there: run test/install")
		}
		t.Skip("snac2 is not there: run test/install")
	}
	i, err := snac.Start(t.Context(), program, hostName)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return i
}

// apps keeps registrations in memory.
type apps struct {
	mu   sync.Mutex
	kept map[string]fediverse.App
}

func (s *apps) App(_ context.Context, host string) (fediverse.App, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.kept[host]
	return a, ok, nil
}

func (s *apps) SaveApp(_ context.Context, a fediverse.App) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, stands := s.kept[a.Host]; !stands {
		s.kept[a.Host] = a
	}
	return nil
}

func (s *apps) ForgetApp(_ context.Context, host, clientID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[host].ClientID == clientID {
		delete(s.kept, host)
	}
	return nil
}

// open seals nothing: what rests here rests in this process alone.
type open struct{}

func (open) Seal(_ string, plain []byte) []byte           { return plain }
func (open) Open(_ string, sealed []byte) ([]byte, error) { return sealed, nil }

type key struct{}

func (key) Signer() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// bearer remembers the last access token that a client showed.
type bearer struct {
	http.RoundTripper
	mu    sync.Mutex
	token string
}

func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if t := r.Header.Get("Authorization"); t != "" {
		b.mu.Lock()
		b.token = t
		b.mu.Unlock()
	}
	return b.RoundTripper.RoundTrip(r)
}

func (b *bearer) last() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.token
}

type world struct {
	*fediverse.Client
	instance *snac.Instance
	apps     *apps
	bearer   *bearer
	http     *http.Client
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := world{instance: start(t), apps: &apps{kept: map[string]fediverse.App{}}}
	w.http = w.instance.Client()
	t.Cleanup(w.http.CloseIdleConnections)
	w.bearer = &bearer{RoundTripper: w.http.Transport}
	w.http.Transport = w.bearer
	w.Client = fediverse.New(fediverse.Config{
		HTTP: w.http, Apps: w.apps, Vault: open{}, Key: key{}, KeyID: "https://cocarde.example.org/actor#main-key",
		Name: "Cocarde", Website: "https://cocarde.example.org", Now: time.Now,
	})
	return w
}

// signIn goes the way of an agent, and gives the code that comes back.
func (w world) signIn(t *testing.T, at attest.SignInAt, user, password string) (code string) {
	t.Helper()
	authorize, err := w.AuthorizeURL(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	back, err := w.instance.SignIn(t.Context(), authorize, user, password)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(back)
	if err != nil {
		t.Fatal(err)
	}
	if s := u.Query().Get("state"); s != at.State {
		t.Errorf("state %q came back", s)
	}
	return u.Query().Get("code")
}

// whoami shows a token to the instance and gives the status of the answer.
func (w world) whoami(t *testing.T, authorization string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+hostName+"/api/v1/accounts/verify_credentials", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
	resp, err := w.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func (w world) addUser(t *testing.T, name string) (password string) {
	t.Helper()
	password, err := w.instance.AddUser(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return password
}

// begin gives a sign-in with a verifier of its own.
func begin(t *testing.T, a attest.Actor) attest.SignInAt {
	t.Helper()
	return attest.SignInAt{
		Host: a.Host, RedirectURI: "https://cocarde.example.org/oauth/callback/" + a.Host.String(),
		State: rand.Text(), Verifier: rand.Text() + rand.Text(),
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	password := map[string]string{"marie": w.addUser(t, "marie"), "pierre": w.addUser(t, "pierre")}
	marie, pierre := resolve(t, w, "@Marie@SNAC.test"), resolve(t, w, "pierre@"+hostName)
	if want := "https://" + hostName + "/marie"; marie.ID != want || marie.URL != want ||
		marie.Handle.String() != "@marie@"+hostName || marie.Host.String() != hostName {
		t.Errorf("resolved to %+v", marie)
	}
	for name, actor := range map[string]attest.Actor{"marie": marie, "pierre": pierre} {
		at := begin(t, actor)
		id, unrevoked, err := w.FinishSignIn(t.Context(), at, w.signIn(t, at, name, password[name]))
		if err != nil || unrevoked != nil || id != actor.ID {
			t.Fatalf("%s: got %q, unrevoked %v, %v: %v", name, id, unrevoked != nil, err, errors.Unwrap(err))
		}
		if status := w.whoami(t, w.bearer.last()); status == http.StatusOK {
			t.Errorf("%s: the token lives on", name)
		}
	}
	if n := len(w.apps.kept); n != 0 {
		t.Errorf("%d registrations are left", n)
	}
}

// snac does not look at the code: it gives a token of whoever signed in last
// through the registration. A sign-in must not be finished with another one's.
func TestSomebodyElsesSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	password := w.addUser(t, "marie")
	marie := resolve(t, w, "marie@"+hostName)
	before, hers, after := begin(t, marie), begin(t, marie), begin(t, marie)
	if _, err := w.AuthorizeURL(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	code := w.signIn(t, hers, "marie", password)
	if _, err := w.AuthorizeURL(t.Context(), after); err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]attest.SignInAt{"before": before, "after": after} {
		if id, _, err := w.FinishSignIn(t.Context(), at, code); err == nil {
			t.Errorf("begun %s hers, it ends as %s", name, id)
		}
	}
	if id, _, err := w.FinishSignIn(t.Context(), hers, code); err != nil || id != marie.ID {
		t.Errorf("hers ends as %q, %v", id, err)
	}
}

func resolve(t *testing.T, w world, typed string) attest.Actor {
	t.Helper()
	h, err := acct.ParseHandle(typed)
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.Resolve(t.Context(), h)
	if err != nil {
		t.Fatalf("%s: %v: %v", typed, err, errors.Unwrap(err))
	}
	return a
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addUser(t, "marie")
	nobody, err := acct.ParseHandle("nobody@" + hostName)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Resolve(t.Context(), nobody); !errors.Is(err, fediverse.ErrHandleNotFound) {
		t.Errorf("an unknown handle: %v", err)
	}
	at := begin(t, resolve(t, w, "marie@"+hostName))
	authorize, err := w.AuthorizeURL(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := w.instance.SignIn(t.Context(), authorize, "marie", "wrong"); err == nil {
		t.Errorf("a wrong password leads to %q", back)
	}
	if _, _, err := w.FinishSignIn(t.Context(), at, "guess"); !errors.Is(err, fediverse.ErrSignIn) {
		t.Errorf("a guessed code: %v", err)
	}
}
