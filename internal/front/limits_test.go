package front

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBodyBounds(t *testing.T) {
	t.Parallel()
	h, _ := newTestFront(t, func(o *Options) { o.MaxBody = 1000 })
	for _, c := range []struct {
		path string
		size int
		want int
	}{
		{"/both", 0, 200}, {"/both", 1000, 200}, {"/both", 1001, 413},
		{"/large", 1001, 200}, {"/large", 1 << 20, 200}, {"/large", 1<<20 + 1, 413},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", c.path, strings.NewReader(strings.Repeat("x", c.size))))
		if w.Code != c.want || c.want == 200 && w.Body.Len() != c.size {
			t.Errorf("%s with %d bytes: %d, %d bytes back", c.path, c.size, w.Code, w.Body.Len())
		}
	}
}

func TestTooManyAtOnce(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	o := testOptions(io.Discard)
	o.MaxConcurrent = 1
	h := New(o,
		Get("/wait", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-leave })),
		Get("/page", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})),
	)
	done := make(chan int)
	go func() { done <- do(h, "GET", "/wait").Code }()
	<-entered
	w := do(h, "GET", "/page")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
	close(leave)
	if code := <-done; code != 200 {
		t.Errorf("the first: %d", code)
	}
	if w := do(h, "GET", "/page"); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

func TestTheContextHasADeadline(t *testing.T) {
	t.Parallel()
	h := New(testOptions(io.Discard),
		Get("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ok := r.Context().Deadline(); !ok {
				w.WriteHeader(http.StatusTeapot)
			}
		})))
	if w := do(h, "GET", "/"); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
	if s := Server(h, slog.Default()); s.WriteTimeout <= requestTimeout || s.ReadHeaderTimeout == 0 ||
		s.ReadTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("a limit is missing: %+v", s)
	}
}

func TestServerLogLeaksNothing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := Server(http.NotFoundHandler(), slog.New(slog.NewTextHandler(&log, nil)))
	s.ErrorLog.Printf("http: TLS handshake error from 192.0.2.7:1234: secret")
	s.ErrorLog.Printf("http: panic serving 192.0.2.7:1234: secret")
	s.ErrorLog.Printf("secret")
	for _, kind := range []string{"kind=tls", "kind=panic", "kind=other"} {
		if !strings.Contains(log.String(), kind) {
			t.Errorf("no %s in %s", kind, log.String())
		}
	}
	if strings.Contains(log.String(), "192.0.2") || strings.Contains(log.String(), "secret") {
		t.Error(log.String())
	}
}

// What the front costs a request that it lets through.
func BenchmarkFront(b *testing.B) {
	h := New(testOptions(io.Discard),
		Post("/v1/verify", CORS(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
		}))))
	r := httptest.NewRequest("POST", "/v1/verify", strings.NewReader("{}"))
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
