package safehttp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cocarde.example/internal/fault"
)

// slow is a server whose every answer takes its time.
type slow struct {
	headers time.Duration
	body    func(ctx context.Context) io.Reader
	next    string // where it redirects, if anywhere
}

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(s.headers):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}
	if s.next != "" {
		resp.StatusCode = 302
		resp.Header.Set("Location", s.next)
	}
	if s.body != nil {
		resp.Body = io.NopCloser(s.body(r.Context()))
	}
	return resp, nil
}

// drip is a body that gives a byte a second.
type drip struct{ ctx context.Context }

func (d drip) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = 'x'
		return 1, nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

func slowClient(s slow) *http.Client {
	c := New(Policy{})
	c.Transport.(*guarded).next = s
	return c
}

// One limit of time holds for all redirects together.
func TestTotalTimeOverRedirects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := get(slowClient(slow{headers: 9 * time.Second, next: "/again"}), "https://a.example/", 10)
		wantFault(t, err, ErrUnreachable)
		if took := time.Since(start); took != totalTimeout {
			t.Errorf("took %v, want %v", took, totalTimeout)
		}
	})
}

func TestTotalTimeOverTheBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c := slowClient(slow{headers: time.Second, body: func(ctx context.Context) io.Reader { return drip{ctx} }})
		_, err := get(c, "https://a.example/", 1000)
		wantFault(t, err, ErrUnreachable)
		if took := time.Since(start); took != totalTimeout {
			t.Errorf("took %v, want %v", took, totalTimeout)
		}
	})
}

func TestAtOncePerHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := slowClient(slow{})
		var open []*http.Response
		for range requestsAtOnce {
			resp, err := c.Get("https://a.example/")
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, resp)
		}
		if _, err := get(c, "https://b.example/", 10); err != nil {
			t.Errorf("another host waits too: %v", err)
		}
		done := make(chan error)
		go func() {
			_, err := get(c, "https://a.example/", 10)
			done <- err
		}()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("one more was let through: %v", err)
		default:
		}
		_ = open[0].Body.Close()
		if err := <-done; err != nil {
			t.Errorf("after one ended: %v", err)
		}
		// Who never closes a body gives the place back when the time is over.
		start := time.Now()
		for range requestsAtOnce {
			if _, err := get(c, "https://a.example/", 10); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took > totalTimeout {
			t.Errorf("waited %v", took)
		}
		for _, resp := range open {
			_ = resp.Body.Close()
		}
	})
}

func TestRatePerHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := slowClient(slow{})
		start := time.Now()
		for range requestBurst + 5*requestsPerSecond {
			if _, err := get(c, "https://a.example/", 10); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start).Round(time.Millisecond); took != 5*time.Second {
			t.Errorf("took %v, want 5s", took)
		}
	})
}

func TestRememberedHostsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHosts()
	held := h.take("held.example")
	for i := range 3 * rememberedHosts {
		h.give(h.take(fmt.Sprintf("h%d.example", i)))
	}
	if n := len(h.byName); n > rememberedHosts {
		t.Errorf("%d hosts are remembered", n)
	}
	if h.take("held.example") != held {
		t.Error("a host in use was forgotten")
	}
	full := newHosts()
	for i := range rememberedHosts {
		full.take(fmt.Sprintf("h%d.example", i))
	}
	wantFault(t, full.enter(t.Context(), "one-more.example"), ErrBusy)
}

func TestFaultTextsNameNothing(t *testing.T) {
	t.Parallel()
	_, err := get(New(Policy{}), "https://10.0.0.1/path?secret=1", 10)
	f, ok := fault.Of(err)
	if !ok || f.Kind != fault.Invalid || strings.Contains(f.Error()+f.Unwrap().Error(), "secret") {
		t.Errorf("%v, cause %v", f, f.Unwrap())
	}
}
