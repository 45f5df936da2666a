package online

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/verify"
)

const (
	metadataPath = "/.well-known/jwt-vc-issuer"
	jwksPath     = "/.well-known/jwks.json"
	listPath     = "/status/1"
)

func TestFetchedOnce(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	for range 3 {
		s.expect(src, s.token(1), "")
	}
	for _, path := range []string{metadataPath, jwksPath, listPath} {
		s.expectHits(path, 1)
	}
}

func TestKeysInMetadata(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	s.metadata(map[string]any{"issuer": s.URL, "jwks": rawJSON(jwks(1))})
	s.expect(s.source(), s.token(1), "")
	s.expectHits(jwksPath, 0)
}

func TestTrustList(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src, err := New(Config{HTTP: s.Client(), Trust: []string{"https://other.example"}, Now: s.clock})
	if err != nil {
		t.Fatal(err)
	}
	s.expect(src, s.token(1), verify.IssuerUntrusted)
	ctx := context.Background()
	if _, err := src.Refresh(ctx, s.URL); !errors.Is(err, verify.ErrIssuerUntrusted) {
		t.Errorf("refresh: %v", err)
	}
	if _, err := src.StatusList(ctx, s.URL, s.URL+listPath); !errors.Is(err, verify.ErrIssuerUntrusted) {
		t.Errorf("list: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.hits) != 0 {
		t.Errorf("an untrusted issuer was asked: %v", s.hits)
	}
	for _, bad := range []string{
		"", "cocarde.example", "http://cocarde.example", "http://localhost.example", "https://a@cocarde.example", "https://cocarde.example/",
		"https://cocarde.example?x", "https://cocarde.example#x", "ftp://localhost", "https://",
	} {
		if _, err := New(Config{Trust: []string{bad}}); err == nil {
			t.Errorf("issuer %q was accepted", bad)
		}
	}
	for _, good := range []string{"https://cocarde.example", "https://cocarde.example/tenant", "http://localhost:1", "http://a.localhost", "http://127.9.9.9", "http://[::1]:80"} {
		if _, err := New(Config{Trust: []string{good}}); err != nil {
			t.Errorf("issuer %q: %v", good, err)
		}
	}
}

func TestWellKnownStandsBetweenHostAndPath(t *testing.T) {
	t.Parallel()
	for iss, want := range map[string]string{
		"https://cocarde.example":          "https://cocarde.example/.well-known/jwt-vc-issuer",
		"https://cocarde.example:8443/a/b": "https://cocarde.example:8443/.well-known/jwt-vc-issuer/a/b",
		"https://cocarde.example/a%2Fb":    "https://cocarde.example/.well-known/jwt-vc-issuer/a%2Fb",
	} {
		u, err := verify.CheckURL(iss)
		if err != nil {
			t.Fatal(err)
		}
		if got := wellKnown(u); got != want {
			t.Errorf("%s: %s, want %s", iss, got, want)
		}
	}
}

// TestLyingIssuer has one case for each way in which metadata and keys can be wrong.
func TestLyingIssuer(t *testing.T) {
	t.Parallel()
	elsewhere := newIssuer(t)
	type lie = func(*issuerServer)
	meta := func(doc map[string]any) lie { return func(s *issuerServer) { s.metadata(doc) } }
	respond := func(path, media, body string) lie {
		return func(s *issuerServer) { s.handle(path, answerWith(media, []byte(body), "max-age=60")) }
	}
	redirect := func(from string) lie {
		return func(s *issuerServer) {
			s.handle("/real", answerWith("application/json", jwks(1), ""))
			s.handle(from, http.RedirectHandler("/real", http.StatusFound).ServeHTTP)
		}
	}
	status := func(path string, code int) lie {
		return func(s *issuerServer) {
			s.handle(path, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(code)
			})
		}
	}
	for name, tt := range map[string]struct {
		lie  lie
		want verify.Code
	}{
		"another issuer": {meta(map[string]any{"issuer": "https://evil.example", "jwks": rawJSON(jwks(1))}), verify.IssuerMismatch},
		"issuer absent":  {meta(map[string]any{"jwks": rawJSON(jwks(1))}), verify.IssuerMismatch},
		"keys on another host": {func(s *issuerServer) {
			s.metadata(map[string]any{"issuer": s.URL, "jwks_uri": elsewhere.URL + jwksPath})
		}, verify.IssuerMismatch},
		"keys over another way": {func(s *issuerServer) {
			s.metadata(map[string]any{"issuer": s.URL, "jwks_uri": "https" + s.URL[4:] + jwksPath})
		}, verify.IssuerMismatch},
		"keys nowhere": {func(s *issuerServer) { s.metadata(map[string]any{"issuer": s.URL, "jwks_uri": "x"}) }, verify.IssuerMismatch},
		"both": {func(s *issuerServer) {
			s.metadata(map[string]any{"issuer": s.URL, "jwks": rawJSON(jwks(1)), "jwks_uri": s.URL + jwksPath})
		}, verify.IssuerUnreachable},
		"neither":               {func(s *issuerServer) { s.metadata(map[string]any{"issuer": s.URL}) }, verify.IssuerUnreachable},
		"metadata is HTML":      {respond(metadataPath, "text/html", "<html>"), verify.IssuerUnreachable},
		"metadata is not JSON":  {respond(metadataPath, "application/json", "<html>"), verify.IssuerUnreachable},
		"metadata without type": {respond(metadataPath, "", "{}"), verify.IssuerUnreachable},
		"metadata is huge": {func(s *issuerServer) {
			doc := mustJSON(map[string]any{"issuer": s.URL, "jwks": rawJSON(jwks(1))})
			s.json(metadataPath, append(doc, strings.Repeat(" ", maxMetadata)...))
		}, verify.IssuerUnreachable},
		"keys are huge":        {respond(jwksPath, "application/json", strings.Repeat(" ", maxJWKS+1)), verify.IssuerUnreachable},
		"keys are HTML":        {respond(jwksPath, "text/html", string(jwks(1))), verify.IssuerUnreachable},
		"keys are not JSON":    {respond(jwksPath, "application/json", "x"), verify.IssuerUnreachable},
		"metadata redirects":   {redirect(metadataPath), verify.IssuerUnreachable},
		"keys redirect":        {redirect(jwksPath), verify.IssuerUnreachable},
		"metadata gone":        {status(metadataPath, 404), verify.IssuerUnreachable},
		"metadata failing":     {status(metadataPath, 500), verify.IssuerUnreachable},
		"metadata no content":  {status(metadataPath, 204), verify.IssuerUnreachable},
		"metadata unasked 304": {status(metadataPath, 304), verify.IssuerUnreachable},
		"metadata empty":       {status(metadataPath, 200), verify.IssuerUnreachable},
		"body cut short": {func(s *issuerServer) {
			s.handle(jwksPath, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Length", "1000")
				_, _ = w.Write(jwks(1))
			})
		}, verify.IssuerUnreachable},
		"down":        {func(s *issuerServer) { s.Close() }, verify.IssuerUnreachable},
		"another key": {func(s *issuerServer) { s.json(jwksPath, jwks(2)) }, verify.KeyNotFound},
		"key revoked": {func(s *issuerServer) {
			s.metadata(map[string]any{"issuer": s.URL, "jwks_uri": s.URL + jwksPath, "revoked_keys": []any{map[string]string{"kid": kid(1)}}})
		}, verify.KeyRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newIssuer(t)
			token := s.token(1)
			tt.lie(s)
			s.expect(s.source(), token, tt.want)
			s.expectHits("/real", 0)
		})
	}
	if n := elsewhere.hitsOf(jwksPath); n != 0 {
		t.Errorf("keys were fetched from another origin %d times", n)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	s.expect(src, s.token(1), "")
	s.json(jwksPath, jwks(1, 2))
	s.list(2, start, nil)
	s.expect(src, s.token(2), "") // unknown: fetched once more
	s.expectHits(jwksPath, 2)
	for range 5 {
		s.expect(src, s.token(3), verify.KeyNotFound)
	}
	s.expectHits(jwksPath, 2) // cooling down
	s.wait(coolDown)
	s.expect(src, s.token(3), verify.KeyNotFound)
	s.expectHits(jwksPath, 3)
}

func TestRotationSeenInListFirst(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	if _, err := src.Issuer(context.Background(), s.URL); err != nil {
		t.Fatal(err)
	}
	s.json(jwksPath, jwks(1, 2))
	s.list(2, start, nil)
	s.expect(src, s.token(1), "")
}

// TestRefreshDuringOutage holds an outage to be no verdict on a key.
func TestRefreshDuringOutage(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	s.expect(src, s.token(1), "")
	s.handle(metadataPath, nil)
	for range 3 {
		s.expect(src, s.token(2), verify.IssuerUnreachable)
		s.expect(src, s.token(1), "")
	}
	s.expectHits(metadataPath, 2) // one failure, then left alone
	s.wait(backOff)
	s.expect(src, s.token(2), verify.IssuerUnreachable)
	s.expectHits(metadataPath, 3)
}

func TestKeysAreNotUsedBeyondTheirTime(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	s.expect(src, s.token(1), "")
	s.handle(metadataPath, nil)
	s.wait(time.Hour - time.Second)
	s.list(1, s.clock(), nil)
	s.expect(src, s.token(1), "")
	s.wait(time.Second)
	s.expect(src, s.token(1), verify.IssuerUnreachable)
}

func TestRevocationReachesUsWithinMaxAge(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	s.expect(src, s.token(1), "")
	s.json(jwksPath, jwks(2))
	s.metadata(map[string]any{"issuer": s.URL, "jwks_uri": s.URL + jwksPath, "revoked_keys": []any{map[string]string{"kid": kid(1)}}})
	s.wait(time.Hour)
	s.expect(src, s.token(1), verify.KeyRevoked)
}

func TestSingleFlight(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if got := s.check(src, s.token(1)); got != "" {
				t.Errorf("code %q", got)
			}
		})
	}
	wg.Wait()
	for _, path := range []string{metadataPath, jwksPath, listPath} {
		s.expectHits(path, 1)
	}
}

// TestImpatientCaller shows that a caller who gives up neither waits for another's
// request nor spoils the next one's.
func TestImpatientCaller(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	entered, leave := make(chan struct{}), make(chan struct{})
	inner := s.routes[metadataPath]
	s.handle(metadataPath, func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
	})
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan error)
	go func() {
		_, err := src.Issuer(ctx, s.URL)
		first <- err
	}()
	<-entered
	gone, goAway := context.WithCancel(context.Background())
	goAway()
	if _, err := src.Issuer(gone, s.URL); !errors.Is(err, verify.ErrIssuerUnreachable) {
		t.Errorf("waiting caller: %v", err)
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("first caller: %v", err)
	}
	close(leave)
	s.handle(metadataPath, inner)
	s.expect(src, s.token(1), "")
}

func TestRevalidation(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	var full, spared atomic.Int32
	for _, path := range []string{metadataPath, jwksPath, listPath} {
		inner := s.routes[path]
		s.handle(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"1"`)
			if r.Header.Get("If-None-Match") == `"1"` {
				spared.Add(1)
				w.Header().Set("Cache-Control", "max-age=3600")
				w.WriteHeader(http.StatusNotModified)
				return
			}
			full.Add(1)
			inner(w, r)
		})
	}
	src := s.source()
	s.expect(src, s.token(1), "")
	s.wait(61 * time.Second)
	s.expect(src, s.token(1), "")
	if full.Load() != 3 || spared.Load() != 1 {
		t.Errorf("after a minute: %d full answers, %d spared", full.Load(), spared.Load())
	}
	s.wait(58 * time.Minute)
	s.expect(src, s.token(1), "")
	if full.Load() != 3 {
		t.Errorf("after 59 minutes: %d full answers", full.Load())
	}
	s.wait(time.Minute) // metadata and keys are due, the list has expired: its copy is no use
	s.expect(src, s.token(1), verify.StatusUnavailable)
	if full.Load() != 4 || spared.Load() != 3 {
		t.Errorf("after an hour: %d full answers, %d spared", full.Load(), spared.Load())
	}
}
