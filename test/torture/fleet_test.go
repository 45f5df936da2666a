package torture

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// origin is the issuer's. Its name leads nowhere: the fleet's client does.
const origin = "http://cocarde.localhost"

// fleet is the servers that are up. Its client takes any of them, as a reverse
// proxy would, and waits while there is none.
type fleet struct {
	client *http.Client

	mu      sync.Mutex
	up      map[int]string // address by number
	changed chan struct{}  // closed and replaced when one comes up
}

func newFleet() *fleet {
	f := &fleet{up: map[int]string{}, changed: make(chan struct{})}
	f.client = &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// One connection for each request: each may go to another replica.
		Transport: &http.Transport{DialContext: f.dial, DisableKeepAlives: true},
	}
	return f
}

func (f *fleet) rise(number int, addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.up[number] = addr
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fleet) fall(number int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.up, number)
}

func (f *fleet) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	for {
		addr, changed := f.any()
		if addr != "" {
			var d net.Dialer
			return d.DialContext(ctx, network, addr)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// any gives the address of a server, empty if none is up.
func (f *fleet) any() (addr string, changed chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	nth := rand.IntN(max(1, len(f.up)))
	for _, addr = range f.up {
		if nth--; nth < 0 {
			break
		}
	}
	return addr, f.changed
}

// answer is one that was received in full.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request once. An error says nothing of what came of it.
func (f *fleet) send(ctx context.Context, method, path, body string, headers ...string) (answer, error) {
	address := path
	if strings.HasPrefix(path, "/") {
		address = origin + path
	}
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	resp, err := f.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text)}, err
}

// pause is how long a client waits before it repeats itself. Patience bounds the
// wait for what must happen.
const (
	pause    = 10 * time.Millisecond
	patience = time.Minute
)

// wait ends early, with an error, when the context does.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
