package fediverse

import (
	"context"
	"crypto"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/safehttp"
)

// Bounds of what is read, in bytes, and of what is done for one call.
const (
	maxJRD      = 64 << 10
	maxHostMeta = 64 << 10
	maxActor    = 1 << 20
	maxPage     = 1 << 20 // of a profile's page
	maxAPI      = 256 << 10
	maxURL      = 2048

	callTimeout   = 30 * time.Second // a whole call, all its requests included
	revokeTimeout = 10 * time.Second
	// remembered bounds what is kept in memory of hosts that strangers name.
	remembered = 4096
)

// Sealer seals what rests, bound to a purpose.
type Sealer interface {
	Seal(purpose string, plain []byte) []byte
	Open(purpose string, sealed []byte) ([]byte, error)
}

// ActorKey gives the RSA key of the issuer's own actor.
type ActorKey interface {
	Signer() (crypto.Signer, error)
}

// Config is what a Client is made of.
type Config struct {
	HTTP    *http.Client // made by safehttp
	Apps    AppStore
	Vault   Sealer // seals the client secrets
	Key     ActorKey
	KeyID   string // URL of the key, as the issuer's actor document gives it
	Name    string // of the application that is registered at instances
	Website string // the issuer's URL
	// Loopback speaks http to hosts on loopback, for the demo and for tests; the
	// client in HTTP must allow it too.
	Loopback bool
	Now      func() time.Time
}

// Client implements attest.Fediverse and attest.Profiles. It is safe for concurrent use.
type Client struct {
	Config
	sameHost  *http.Client // refuses redirects that leave the host
	direct    *http.Client // refuses redirects
	signed    *memory[struct{}]
	careless  *memory[struct{}]  // hosts that do not check authorization codes
	confirmed *memory[time.Time] // by client id: when the instance last knew it
	flights   singleflight.Group // registrations under way, by host
}

// New makes a Client.
func New(c Config) *Client {
	return &Client{
		Config:    c,
		sameHost:  safehttp.SameHostRedirects(c.HTTP),
		direct:    safehttp.NoRedirects(c.HTTP),
		signed:    newMemory[struct{}](remembered),
		careless:  newMemory[struct{}](remembered),
		confirmed: newMemory[time.Time](remembered),
	}
}

// origin gives scheme and host under which an instance is reached.
func (c *Client) origin(h acct.Host) string {
	if c.Loopback && h.Loopback() {
		return "http://" + h.String()
	}
	return "https://" + h.String()
}

// parseURL reads an address of the web as this package takes it: of the scheme
// that the host is reached by, the host in its one spelling, no port but on
// loopback, no user part, no fragment, at most 2,048 bytes.
func (c *Client) parseURL(s string) (*url.URL, acct.Host, error) {
	if len(s) > maxURL || strings.ContainsRune(s, '#') {
		return nil, acct.Host{}, invalid("a URL is too long or has a fragment")
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, acct.Host{}, invalid("a URL cannot be parsed")
	}
	h, err := acct.ParseHost(u.Host)
	if err != nil || u.User != nil || u.Scheme+"://"+u.Host != c.origin(h) {
		return nil, acct.Host{}, invalid("a URL is not https, or its host is not a plain name")
	}
	return u, h, nil
}

// get asks for a document. The answer's body is the caller's to close.
func (c *Client) get(ctx context.Context, client *http.Client, url, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, invalid("a URL cannot be asked for")
	}
	req.Header.Set("Accept", accept)
	return send(client, req)
}

func send(client *http.Client, req *http.Request) (*http.Response, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, failure(req.Context(), err)
	}
	return resp, nil
}

// read reads and closes a bounded body.
func read(resp *http.Response, max int64) ([]byte, error) {
	b, err := safehttp.ReadBody(resp, max)
	if err != nil {
		return nil, failure(resp.Request.Context(), err)
	}
	return b, nil
}
