package fediverse

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/sandbox"
)

// shelf is an AppStore in memory.
type shelf struct {
	mu    sync.Mutex
	apps  map[string]App
	saves int
	look  func() // called after each look, if there is one
}

func (s *shelf) App(_ context.Context, host string) (App, bool, error) {
	a, ok := s.app(host)
	if s.look != nil {
		s.look()
	}
	return a, ok, nil
}

func (s *shelf) app(host string) (App, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.apps[host]
	return a, ok
}

func (s *shelf) SaveApp(_ context.Context, a App) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	if _, stands := s.apps[a.Host]; !stands {
		s.apps[a.Host] = a
	}
	return nil
}

func (s *shelf) ForgetApp(_ context.Context, host, clientID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.apps[host].ClientID == clientID {
		delete(s.apps, host)
	}
	return nil
}

// vault hides what it seals well enough to see whether it was sealed.
type vault struct{}

func (vault) Seal(purpose string, plain []byte) []byte {
	sealed := []byte(purpose + "\x00" + string(plain))
	for i := range sealed {
		sealed[i] ^= 0x5a
	}
	return sealed
}

func (v vault) Open(purpose string, sealed []byte) ([]byte, error) {
	plain, ok := strings.CutPrefix(string(v.Seal("", sealed)[1:]), purpose+"\x00")
	if !ok {
		return nil, errors.New("another purpose")
	}
	return []byte(plain), nil
}

type key struct{ *rsa.PrivateKey }

func (k key) Signer() (crypto.Signer, error) { return k, nil }

var actorKey = sync.OnceValue(func() key {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key{k}
})

// issuerActor serves the issuer's own actor and gives the URL of its key.
func issuerActor(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&actorKey().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	id, host := s.URL+"/actor", strings.TrimPrefix(s.URL, "http://")
	mux.HandleFunc("/actor", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, activityJSON, map[string]any{
			"@context": activityStream, "id": id, "type": "Application", "preferredUsername": "cocarde", "inbox": id + "/inbox",
			"publicKey": map[string]string{"id": id + "#main-key", "owner": id, "publicKeyPem": public},
		})
	})
	mux.HandleFunc("/.well-known/webfinger", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, "application/jrd+json", jrd("acct:cocarde@"+host, id))
	})
	return id + "#main-key"
}

func writeJSON(w http.ResponseWriter, contentType string, v any) {
	w.Header().Set("Content-Type", contentType)
	json.NewEncoder(w).Encode(v)
}

func jrd(subject, id string) map[string]any {
	return map[string]any{"subject": subject, "links": []map[string]string{
		{"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": id},
		{"rel": "self", "type": activityJSON, "href": id},
	}}
}

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is one client with all that it needs.
type world struct {
	*Client
	shelf *shelf
	clock *clock
}

func newWorld(t *testing.T) world {
	t.Helper()
	return newWorldOn(t, &shelf{apps: map[string]App{}})
}

// newWorldOn is another process on the shelf of a database.
func newWorldOn(t *testing.T, s *shelf) world {
	t.Helper()
	w := world{shelf: s, clock: &clock{at: time.Now()}}
	http := safehttp.New(safehttp.Policy{UserAgent: safehttp.UserAgent("test", "https://cocarde.example.org"), AllowLoopback: true})
	t.Cleanup(http.CloseIdleConnections)
	w.Client = New(Config{
		HTTP: http, Apps: w.shelf, Vault: vault{}, Key: actorKey(), KeyID: issuerActor(t),
		Name: "Cocarde", Website: "https://cocarde.example.org", Loopback: true, Now: w.clock.now,
	})
	return w
}

func instance(t *testing.T, o sandbox.InstanceOptions) (*sandbox.Instance, *sandbox.Account) {
	t.Helper()
	i, err := sandbox.StartInstance(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close() })
	a, err := i.AddAccount("Marie", "secret")
	if err != nil {
		t.Fatal(err)
	}
	return i, a
}

func handle(t *testing.T, s string) acct.Handle {
	t.Helper()
	h, err := acct.ParseHandle(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
