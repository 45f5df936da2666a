package safehttp

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/fault"
)

func newPlainServer(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestWhatARequestCarries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a.example", "b.example")
	seen := make(chan http.Header, 4)
	w.serve(t, "a.example", func(rw http.ResponseWriter, r *http.Request) {
		seen <- r.Header
		http.SetCookie(rw, &http.Cookie{Name: "c", Value: "1"})
		http.Redirect(rw, r, "https://b.example/", http.StatusFound)
	})
	w.serve(t, "b.example", func(rw http.ResponseWriter, r *http.Request) {
		seen <- r.Header
		_, _ = rw.Write([]byte("ok"))
	})
	c := w.client(t)
	req, _ := http.NewRequest(http.MethodGet, "https://a.example/?resource=secret", nil)
	req.Header.Set("Accept", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Request.URL.String() != "https://b.example/" {
		t.Errorf("ended at %s", resp.Request.URL)
	}
	if body, err := ReadBody(resp, 2); err != nil || string(body) != "ok" {
		t.Errorf("%q, %v", body, err)
	}
	for range 2 {
		h := <-seen
		if h.Get("User-Agent") != "Cocarde/test (+https://issuer.example)" || h.Get("Accept") != "application/json" {
			t.Errorf("headers %v", h)
		}
		if h.Get("Referer") != "" || h.Get("Cookie") != "" || h.Get("Accept-Encoding") != "gzip" {
			t.Errorf("headers %v", h)
		}
	}
	if req.Header.Get("User-Agent") != "" {
		t.Error("the caller's request was changed")
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a.example", "b.example")
	w.serve(t, "b.example", func(http.ResponseWriter, *http.Request) {})
	w.serve(t, "a.example", func(rw http.ResponseWriter, r *http.Request) {
		to := map[string]string{
			"/loop": "/loop", "/1": "/end", "/3": "/2", "/2": "/1", "/4": "/3",
			"/away": "https://b.example/", "/port": "https://a.example:8443/",
			"/case": "https://A.example:443/end", "/away-late": "/away",
			"/plain": "http://a.example/end", "/private": "https://10.0.0.1/",
			"/loopback": "https://127.0.0.1/", "/decimal": "https://2130706433/",
			"/user": "https://u:p@a.example/end", "/file": "file:///etc/passwd",
		}[r.URL.Path]
		if to != "" {
			http.Redirect(rw, r, to, http.StatusTemporaryRedirect)
		}
	})
	_, w.policy.Resolver = resolver(t, nil)
	c := w.client(t)
	same, none := SameHostRedirects(c), NoRedirects(c)
	for _, tc := range []struct {
		client *http.Client
		path   string
		want   *fault.Error
	}{
		{c, "/end", nil}, {c, "/3", nil}, {c, "/away", nil}, {c, "/case", nil},
		{c, "/4", ErrRedirectRefused}, {c, "/loop", ErrRedirectRefused},
		{c, "/plain", ErrAddressRefused}, {c, "/private", ErrAddressRefused},
		{c, "/loopback", ErrAddressRefused}, {c, "/decimal", ErrAddressRefused},
		{c, "/user", ErrAddressRefused}, {c, "/file", ErrAddressRefused},
		{c, "/port", ErrUnreachable}, // the name is on nobody's map there, nor in DNS
		{same, "/end", nil}, {same, "/3", nil}, {same, "/case", nil},
		{same, "/away", ErrRedirectRefused}, {same, "/away-late", ErrRedirectRefused},
		{same, "/port", ErrRedirectRefused}, {same, "/plain", ErrRedirectRefused},
		{same, "/loop", ErrRedirectRefused},
		{none, "/end", nil}, {none, "/1", ErrRedirectRefused},
	} {
		resp, err := tc.client.Post("https://a.example"+tc.path, "text/plain", strings.NewReader("body"))
		if resp != nil {
			_ = resp.Body.Close()
		}
		if tc.want != nil {
			wantFault(t, err, tc.want)
		} else if err != nil {
			t.Errorf("%s: %v", tc.path, err)
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a.example")
	w.serve(t, "a.example", func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ten":
			_, _ = io.WriteString(rw, "0123456789")
		case "/announced":
			rw.Header().Set("Content-Length", "1000000")
		case "/endless":
			for r.Context().Err() == nil {
				_, _ = rw.Write(make([]byte, 1024))
			}
		case "/bomb":
			rw.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(rw)
			for range 1 << 10 {
				_, _ = z.Write(make([]byte, 1024))
			}
			_ = z.Close()
		case "/gzip":
			rw.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(rw)
			_, _ = io.WriteString(z, "0123456789")
			_ = z.Close()
		case "/broken":
			rw.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(rw, "0123")
		case "/badgzip":
			rw.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(rw, "no gzip at all")
		case "/headers":
			for range 100 {
				rw.Header().Add("X-Long", strings.Repeat("x", 1024))
			}
		}
	})
	c := w.client(t)
	for path, want := range map[string]*fault.Error{
		"/ten": nil, "/gzip": nil,
		"/announced": ErrTooLarge, "/endless": ErrTooLarge, "/bomb": ErrTooLarge,
		"/broken": ErrUnreachable, "/badgzip": ErrUnreachable, "/headers": ErrUnreachable,
	} {
		body, err := get(c, "https://a.example"+path, 10)
		if want != nil {
			wantFault(t, err, want)
		} else if err != nil || body != "0123456789" {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
	_, err := get(c, "https://a.example/ten", 9)
	wantFault(t, err, ErrTooLarge)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a.example")
	w.serve(t, "a.example", func(http.ResponseWriter, *http.Request) {})
	w.serve(t, "other.example", func(http.ResponseWriter, *http.Request) {})
	old := w.start(t, listen(t, "127.0.0.1:0"), func(http.ResponseWriter, *http.Request) {})
	old.TLS.MaxVersion = tls.VersionTLS11
	old.TLS.MinVersion = tls.VersionTLS10

	_, err := get(w.client(t), "https://other.example/", 10) // another's certificate
	wantFault(t, err, ErrUnreachable)
	stranger := w.policy
	stranger.RootCAs = nil
	_, err = get(New(stranger), "https://a.example/", 10)
	wantFault(t, err, ErrUnreachable)
	w.policy.HostMap["a.example:443"] = old.Listener.Addr().String()
	_, err = get(w.client(t), "https://a.example/", 10)
	wantFault(t, err, ErrUnreachable)
}

func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	l := listen(t, "127.0.0.1:0")
	_ = l.Close()
	c := New(Policy{HostMap: map[string]string{"a.example:443": l.Addr().String()}})
	_, err := get(c, "https://a.example/", 10)
	wantFault(t, err, ErrUnreachable)
}

func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a.example")
	w.serve(t, "a.example", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c := w.client(t)
	c.Transport.(*guarded).next.(*http.Transport).ResponseHeaderTimeout = 50 * time.Millisecond
	_, err := get(c, "https://a.example/", 10)
	wantFault(t, err, ErrUnreachable)
}

func TestTheCallersContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a.example")
	entered := make(chan struct{}, 2)
	w.serve(t, "a.example", func(_ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-r.Context().Done()
	})
	c := w.client(t)

	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://a.example/", nil)
	_, err := c.Do(req)
	if _, isFault := fault.Of(err); isFault || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}

	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	req, _ = http.NewRequestWithContext(ctx, http.MethodGet, "https://a.example/", nil)
	_, err = c.Do(req)
	wantFault(t, err, ErrUnreachable)
}
