package online

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"cocarde.example/verify"
	"github.com/go-jose/go-jose/v4"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// issuerServer is an issuer that a test may make lie: every route can be replaced.
type issuerServer struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	now    time.Time
	routes map[string]http.HandlerFunc
	hits   map[string]int
}

func newIssuer(t *testing.T) *issuerServer {
	t.Helper()
	s := &issuerServer{t: t, now: start, routes: map[string]http.HandlerFunc{}, hits: map[string]int{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	s.metadata(map[string]any{"issuer": s.URL, "jwks_uri": s.URL + "/.well-known/jwks.json"})
	s.json("/.well-known/jwks.json", jwks(1))
	s.list(1, start, nil)
	return s
}

func (s *issuerServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.hits[r.URL.Path]++
	h := s.routes[r.URL.Path]
	s.mu.Unlock()
	if h == nil {
		http.NotFound(w, r)
		return
	}
	h(w, r)
}

func (s *issuerServer) handle(path string, h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.routes[path] = h
}

func (s *issuerServer) hitsOf(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[path]
}

func (s *issuerServer) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *issuerServer) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *issuerServer) metadata(doc any) { s.json("/.well-known/jwt-vc-issuer", mustJSON(doc)) }

func (s *issuerServer) json(path string, body []byte) {
	s.handle(path, answerWith("application/json", body, "max-age=3600"))
}

func answerWith(media string, body []byte, cache string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		w.Header().Set("Cache-Control", cache)
		_, _ = w.Write(body)
	}
}

// list publishes a status list signed by key n.
func (s *issuerServer) list(n byte, issued time.Time, set map[int64]verify.Status) {
	s.handle("/status/1", answerWith("application/statuslist+jwt", s.listToken(n, issued, 0, set), "max-age=60"))
}

func (s *issuerServer) listToken(n byte, issued time.Time, ttl int64, set map[int64]verify.Status) []byte {
	return s.listTokenUntil(n, issued, issued.Add(time.Hour), ttl, set)
}

func (s *issuerServer) listTokenUntil(n byte, issued, expires time.Time, ttl int64, set map[int64]verify.Status) []byte {
	l, err := verify.NewStatusList(1 << 12)
	if err != nil {
		s.t.Fatal(err)
	}
	for idx, status := range set {
		if err := l.Set(idx, status); err != nil {
			s.t.Fatal(err)
		}
	}
	payload, err := verify.ListClaims{
		URI: s.URL + "/status/1", IssuedAt: issued.Unix(), ExpiresAt: expires.Unix(), TTL: ttl,
	}.Payload(l)
	if err != nil {
		s.t.Fatal(err)
	}
	return []byte(sign(n, verify.TypeStatusList, payload))
}

// token is an attestation signed by key n.
func (s *issuerServer) token(n byte) string {
	at := start.Unix()
	payload, err := verify.Claims{
		Issuer: s.URL, Subject: "https://social.example/users/marie", Acct: "acct:marie@social.example",
		VCT: verify.VCT(s.URL, verify.KindMailbox), IssuedAt: at, NotBefore: at, ExpiresAt: at + 1e7,
		Agency: verify.Agency{Domain: "culture.gouv.fr"}, AccountProof: verify.Proof{Method: "oauth", At: at},
		MailboxProof: verify.Proof{Method: "code", At: at}, StatusIndex: 7, StatusURI: s.URL + "/status/1", ID: "jti",
	}.Payload()
	if err != nil {
		s.t.Fatal(err)
	}
	return verify.Compose(sign(n, verify.TypeSDJWT, payload))
}

func (s *issuerServer) source() *Source {
	s.t.Helper()
	src, err := New(Config{HTTP: s.Client(), Trust: []string{s.URL}, Now: s.clock})
	if err != nil {
		s.t.Fatal(err)
	}
	return src
}

// check verifies a token and gives the code, "" for a valid one.
func (s *issuerServer) check(src *Source, token string) verify.Code {
	s.t.Helper()
	v := verify.New(verify.Config{Source: src, Now: s.clock})
	r := v.Verify(context.Background(), token, verify.ForHandle("@marie@social.example"))
	for _, c := range r.Checks {
		if c.Outcome == verify.Failed {
			s.t.Logf("%s: %s", c.Code, c.Detail)
		}
	}
	return r.Code
}

func (s *issuerServer) expect(src *Source, token string, want verify.Code) {
	s.t.Helper()
	if got := s.check(src, token); got != want {
		s.t.Fatalf("got code %q, want %q", got, want)
	}
}

func (s *issuerServer) expectHits(path string, want int) {
	s.t.Helper()
	if got := s.hitsOf(path); got != want {
		s.t.Fatalf("%s was fetched %d times, want %d", path, got, want)
	}
}

func testKey(n byte) *ecdsa.PrivateKey {
	scalar := sha256.Sum256([]byte{'k', 'e', 'y', n})
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		panic(err)
	}
	return key
}

func kid(n byte) string { return "key-" + string('0'+rune(n)) }

func sign(n byte, typ string, payload []byte) string {
	header := mustJSON(map[string]string{"alg": "ES256", "typ": typ, "kid": kid(n)})
	input := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	hash := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, testKey(n), hash[:])
	if err != nil {
		panic(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return input + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func jwks(ns ...byte) []byte {
	var set jose.JSONWebKeySet
	for _, n := range ns {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: &testKey(n).PublicKey, KeyID: kid(n), Algorithm: "ES256", Use: "sig"})
	}
	return mustJSON(set)
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func rawJSON(b []byte) json.RawMessage { return b }
