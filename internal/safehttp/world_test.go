package safehttp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"cocarde.example/internal/fault"
)

// world is an internet of https hosts on loopback, reached by their names
// through the policy's host map.
type world struct {
	policy Policy
	cert   tls.Certificate
}

func newWorld(t *testing.T, names ...string) *world {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		DNSNames:              names,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &world{
		policy: Policy{UserAgent: UserAgent("test", "https://issuer.example"), RootCAs: roots, HostMap: map[string]string{}},
		cert:   tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
	}
}

// serve starts a host and gives its listener's address.
func (w *world) serve(t *testing.T, name string, h http.HandlerFunc) string {
	t.Helper()
	s := w.start(t, listen(t, "127.0.0.1:0"), h)
	w.policy.HostMap[name+":443"] = s.Listener.Addr().String()
	return s.Listener.Addr().String()
}

func (w *world) start(t *testing.T, l net.Listener, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	_ = s.Listener.Close()
	s.Listener = l
	s.TLS = &tls.Config{Certificates: []tls.Certificate{w.cert}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (w *world) client(t *testing.T) *http.Client {
	t.Helper()
	c := New(w.policy)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// get fetches a URL and gives the body, or the error.
func get(c *http.Client, url string, max int64) (string, error) {
	resp, err := c.Get(url)
	if err != nil {
		return "", err
	}
	b, err := ReadBody(resp, max)
	return string(b), err
}

func wantFault(t *testing.T, err error, want *fault.Error) {
	t.Helper()
	if err == nil || fault.Code(err) != want.Code {
		t.Errorf("error %v (code %s), want code %s", err, fault.Code(err), want.Code)
	}
}
