package front

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// One client that keeps its requests open fills its share and no more, and the
// probes get in whatever the crowd.
func TestOneClientDoesNotFillTheServer(t *testing.T) {
	t.Parallel()
	const room = 8
	entered, leave := make(chan struct{}), make(chan struct{})
	o := testOptions(io.Discard)
	o.MaxConcurrent = room
	h := New(o,
		Get("/wait", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-leave })),
		Get("/page", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})),
		Get("/healthz", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})),
	)
	from := func(addr, path string) int {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = addr
		h.ServeHTTP(w, r)
		return w.Code
	}
	done := make(chan int)
	wait := func(addr string) {
		go func() { done <- from(addr, "/wait") }()
		<-entered
	}
	for range room / clientShare {
		wait("192.0.2.1:1")
	}
	if code := from("192.0.2.1:2", "/page"); code != http.StatusServiceUnavailable {
		t.Errorf("beyond its share: %d", code)
	}
	if code := from("192.0.2.2:1", "/page"); code != http.StatusOK {
		t.Errorf("another client: %d", code)
	}
	for _, addr := range []string{"192.0.2.2:1", "192.0.2.2:1", "192.0.2.3:1", "192.0.2.3:1", "192.0.2.4:1", "192.0.2.4:1"} {
		wait(addr)
	}
	if code := from("192.0.2.5:1", "/page"); code != http.StatusServiceUnavailable {
		t.Errorf("a full server: %d", code)
	}
	if code := from("192.0.2.5:1", "/healthz"); code != http.StatusOK {
		t.Errorf("a probe: %d", code)
	}
	close(leave)
	for range room {
		if code := <-done; code != http.StatusOK {
			t.Errorf("one that was let in: %d", code)
		}
	}
	if code := from("192.0.2.1:1", "/page"); code != http.StatusOK {
		t.Errorf("afterwards: %d", code)
	}
}
