package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// noticed is more than the proxy takes until it knows that a server is not ready.
const noticed = 6 * time.Second

// public is the origin in the recipe.
const public = "https://cocarde.example.org"

// The example of docs/OPERATING.md, from its first command to the loss of a
// replica and of the database.
func TestTheRecipeForReplicas(t *testing.T) {
	t.Parallel()
	r := newRecipe(t)
	if said, err := r.cocarde(t, nil, "db", "migrate").CombinedOutput(); err != nil || !strings.Contains(string(said), "none yet") {
		t.Fatalf("%v: %s", err, said)
	}
	r.serve(t, "8081")
	r.serve(t, "8082")
	for _, port := range []string{"8081", "8082"} {
		r.direct(t, port, "/readyz") // from its start on, the proxy will ask both
	}
	r.balance(t)
	r.until(t, public+"/readyz", http.StatusOK)
	if said, err := r.cocarde(t, nil, "db", "status").CombinedOutput(); err != nil || !strings.Contains(string(said), public) {
		t.Fatalf("%v: %s", err, said)
	}
	keys := r.until(t, public+"/.well-known/jwks.json", http.StatusOK)
	for _, port := range []string{"8081", "8082"} {
		if got := r.direct(t, port, "/.well-known/jwks.json"); got != keys.text {
			t.Errorf("the server at %s publishes other keys: %s", port, got)
		}
	}
	if keys.header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security")
	}
	moved := r.until(t, "http://cocarde.example.org/verify", http.StatusPermanentRedirect)
	if to := moved.header.Get("Location"); to != public+"/verify" {
		t.Errorf("without TLS one is sent to %q", to)
	}

	r.restarts(t)

	end(r.servers["8081"])
	for range 40 {
		if got, err := r.get(public + "/v1/attestations/abcdefghjkmn"); err != nil || got.status != http.StatusNotFound {
			t.Fatalf("with one server killed: %d, %v: %s", got.status, err, got.text)
		}
	}

	if err := r.database.Kill(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < noticed; {
		r.until(t, public+"/v1/attestations/abcdefghjkmn", http.StatusServiceUnavailable)
	}
	for range 10 { // by the server that lives, and not by the proxy
		got := r.until(t, public+"/v1/attestations/abcdefghjkmn", http.StatusServiceUnavailable)
		if !strings.Contains(got.text, "storage_unavailable") || got.header.Get("Retry-After") == "" {
			t.Fatalf("the database is away: %v: %s", got.header, got.text)
		}
	}
	r.until(t, public+"/.well-known/jwks.json", http.StatusOK)
	if err := r.database.StartAgain(); err != nil {
		t.Fatal(err)
	}
	r.until(t, public+"/readyz", http.StatusOK)
	r.until(t, public+"/v1/attestations/abcdefghjkmn", http.StatusNotFound)

	r.serve(t, "8081")
	r.direct(t, "8081", "/readyz")
	r.asksReadyServers(t)
}

// asksReadyServers puts a server in the second one's place: the proxy leaves it
// alone until it is ready, and then tells it who the client is, and not what the
// client wrote of that.
func (r *recipe) asksReadyServers(t *testing.T) {
	t.Helper()
	end(r.servers["8082"])
	l, err := net.Listen("tcp", r.address+":8082")
	if err != nil {
		t.Fatal(err)
	}
	var ready atomic.Bool
	other := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Told"] = r.Header.Values("X-Forwarded-For")
		if !ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})}
	go other.Serve(l)
	t.Cleanup(func() { other.Close() })
	asked := func() []string {
		t.Helper()
		got, err := r.get(public+"/healthz", "X-Forwarded-For: 203.0.113.7")
		if err != nil {
			t.Fatal(err)
		}
		return got.header["Told"]
	}
	deadline := time.Now().Add(patience)
	for alone := 0; alone < 8; alone++ {
		if asked() != nil {
			alone = 0 // the proxy has not looked at it since
		}
		if time.Now().After(deadline) {
			t.Fatal("the proxy asks a server that is not ready")
		}
	}
	ready.Store(true)
	for {
		if told := asked(); told != nil {
			if len(told) != 1 || told[0] != "127.0.0.1" {
				t.Errorf("servers are told that clients are %q", told)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the proxy does not find that a server is ready")
		}
	}
}

// direct asks a server past the proxy, until it answers well.
func (r *recipe) direct(t *testing.T, port, path string) string {
	t.Helper()
	past := recipe{visitor: &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}}
	return past.until(t, "http://"+r.address+":"+port+path, http.StatusOK).text
}

// trust gives the proxy a certificate, and makes a client that believes it and finds
// the public origin at the proxy.
func (r *recipe) trust(t *testing.T) {
	t.Helper()
	lent := httptest.NewTLSServer(nil) // has one, of example.com
	defer lent.Close()
	cert := lent.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	r.write(t, "/etc/haproxy/cocarde.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}))+
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	roots := x509.NewCertPool()
	roots.AddCert(lent.Certificate())
	ports := map[string]string{"cocarde.example.org:443": ":8443", "cocarde.example.org:80": ":8080"}
	r.visitor = &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, network, r.address+ports[address])
			},
		},
	}
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	text   string
}

func (r *recipe) get(url string, headers ...string) (reply, error) {
	return r.call(http.MethodGet, url, nil, headers...)
}

func (r *recipe) post(url, body string) (reply, error) {
	return r.call(http.MethodPost, url, strings.NewReader(body), "Content-Type: application/json")
}

func (r *recipe) call(method, url string, body io.Reader, headers ...string) (reply, error) {
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		return reply{}, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := r.visitor.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(text)}, err
}

// until waits until a URL is answered like this, and gives the answer.
func (r *recipe) until(t *testing.T, url string, status int) reply {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		got, err := r.get(url)
		if err == nil && got.status == status {
			return got
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: got %d, %v, want %d: %s", url, got.status, err, status, got.text)
		}
	}
}
