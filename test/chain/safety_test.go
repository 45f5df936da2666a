package chain

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestNoAddressInAnAnswerComesFromARequestsHeaders(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	hostile := []string{
		"Host: evil.example", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: gopher", "Forwarded: host=evil.example;proto=gopher",
		"X-Original-URL: http://evil.example/", "X-Forwarded-Prefix: /evil.example", "Origin: https://evil.example", "Referer: https://evil.example/",
	}
	clean := func(got answer) {
		t.Helper()
		for name, values := range got.header {
			if v := strings.Join(values, " "); strings.Contains(v, "evil.example") || strings.Contains(v, "gopher") {
				t.Errorf("%s: %s: %s", got.what, name, v)
			}
		}
		if strings.Contains(got.text, "evil.example") || strings.Contains(got.text, "gopher") {
			t.Errorf("%s repeats the request's headers: %.300s", got.what, got.text)
		}
	}
	begun := a.ask(hostile...).want(http.StatusCreated)
	clean(begun)
	if !strings.Contains(begun.text, w.origin()+"/b/") {
		t.Errorf("no badge URL of the issuer's own: %s", begun.text)
	}
	a.proveAccount()
	a.typeCode(a.nextCode()).want(http.StatusOK)
	clean(a.call(http.MethodPost, "/attestation", "", hostile...).want(http.StatusCreated))
	for _, path := range []string{
		"/.well-known/jwks.json", "/.well-known/jwt-vc-issuer", "/status", "/actor", "/docs", "/openapi.yaml", "/v1/agencies",
		"/v1/attestations?handle=" + a.handle, "/nothing", "//evil", "/v1/../docs", "/oauth/callback/x?state=y",
	} {
		clean(a.get(path, hostile...))
		clean(a.get(path, append(hostile, "Accept: text/html")...))
	}
}

func TestWhatIsNotThereIsSaidToProgramsAndToPeople(t *testing.T) {
	t.Parallel()
	v := shared(t).visitor(t)
	for _, path := range []string{"/nothing", "/v1", "/v1/requests/", "/v1//requests", "/V1/verify", "/docs/", "/.git/config", "/v1/%2e%2e/docs", "/b/000000000000/x", "/%00"} {
		v.get(path).refused(http.StatusNotFound, "not_found", "")
		page := v.get(path, "Accept: text/html,*/*;q=0.8", "Accept-Language: fr").want(http.StatusNotFound)
		if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") || page.header.Get("Content-Language") != "fr" {
			t.Errorf("%s: people get %s", path, page.header.Get("Content-Type"))
		}
		if head := v.do(http.MethodHead, path, ""); head.status != http.StatusNotFound || head.text != "" {
			t.Errorf("HEAD %s: %d", path, head.status)
		}
	}
	for path, c := range map[string]struct{ method, allow string }{
		"/v1/requests":           {"GET", "POST, OPTIONS"},
		"/v1/verify":             {"GET", "POST, OPTIONS"},
		"/.well-known/jwks.json": {"DELETE", "GET, HEAD, OPTIONS"},
		"/healthz":               {"POST", "GET, HEAD, OPTIONS"},
		"/docs":                  {"PUT", "GET, HEAD, OPTIONS"},
		"/actor/inbox":           {"GET", "POST, OPTIONS"},
	} {
		got := v.do(c.method, path, "")
		got.refused(http.StatusMethodNotAllowed, "method_not_allowed", "")
		if got.header.Get("Allow") != c.allow {
			t.Errorf("%s: Allow is %q, want %q", path, got.header.Get("Allow"), c.allow)
		}
		v.do("BREW", path, "").refused(http.StatusMethodNotAllowed, "method_not_allowed", "")
	}
	v.do(http.MethodPost, "/actor/inbox", `{"type":"Follow"}`, "Content-Type: application/activity+json").want(http.StatusAccepted)
	v.do(http.MethodPost, "/actor/inbox", strings.Repeat("x", 70<<10)).refused(http.StatusRequestEntityTooLarge, "body_too_large", "")
}

func TestARequestWithAHeaderTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	w := shared(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.origin()+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", strings.Repeat("x", 64<<10))
	resp, err := direct.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d", resp.StatusCode)
	}
}

func TestARequestInFlightIsFinishedAtShutdown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := newLiar(t, "late")
	arrived, proceed := make(chan struct{}), make(chan struct{})
	truth := l.jrd
	l.jrd = func(rw http.ResponseWriter) {
		close(arrived)
		select {
		case <-proceed:
		case <-l.released:
		}
		truth(rw)
	}
	a := w.agent(t, w.instance(t))
	a.handle = l.handle()
	got := make(chan answer, 1)
	go func() {
		defer close(got)
		got <- a.ask()
	}()
	<-arrived
	w.halt()
	w.refusesConnections(t)
	select {
	case <-w.ended:
		t.Fatal("the issuer ended before its request")
	default:
	}
	close(proceed)
	if finished, ok := <-got; ok { // else the test has failed already
		finished.refused(http.StatusBadGateway, "sign_in_unsupported", "/handle") // as it would have been anyway
	}
	if err := w.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestAnIssuerStopsAtOnceWhenNothingIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor(t)
	v.get("/healthz").want(http.StatusOK) // leaves an idle connection
	start := time.Now()
	w.halt()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case <-w.ended:
	case <-ctx.Done():
		t.Fatal("it does not stop")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
