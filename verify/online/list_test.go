package online

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"cocarde.example/verify"
)

func TestStatusIsSeen(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	s.expect(src, s.token(1), "")
	s.wait(time.Minute)
	s.list(1, s.clock(), map[int64]verify.Status{7: verify.Suspended})
	s.expect(src, s.token(1), verify.StatusSuspended)
	s.wait(time.Minute)
	s.list(1, s.clock(), map[int64]verify.Status{6: verify.Revoked, 8: verify.Revoked})
	s.expect(src, s.token(1), "")
	s.wait(time.Minute)
	s.list(1, s.clock(), map[int64]verify.Status{7: verify.Revoked})
	s.expect(src, s.token(1), verify.StatusRevoked)
}

// TestTTL holds the list's own ttl to be stronger than the cache header.
func TestTTL(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	s.handle(listPath, answerWith("application/statuslist+jwt", s.listToken(1, start, 30, nil), "max-age=3000"))
	s.expect(src, s.token(1), "")
	s.wait(29 * time.Second)
	s.expect(src, s.token(1), "")
	s.expectHits(listPath, 1)
	s.wait(time.Second)
	s.expect(src, s.token(1), "")
	s.expectHits(listPath, 2)
}

func TestAsksForTheListsType(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	inner := s.routes[listPath]
	s.handle(listPath, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept"); got != "application/statuslist+jwt" {
			t.Errorf("Accept: %s", got)
		}
		inner(w, r)
	})
	s.expect(s.source(), s.token(1), "")
}

// TestListOutage holds a list that cannot be renewed to serve until its exp.
func TestListOutage(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func(*issuerServer){
		"gone": func(s *issuerServer) { s.handle(listPath, nil) },
		"older": func(s *issuerServer) {
			s.list(1, start.Add(-time.Minute), map[int64]verify.Status{7: verify.Revoked})
		},
		"forged": func(s *issuerServer) {
			s.list(2, start.Add(time.Minute), map[int64]verify.Status{7: verify.Revoked})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newIssuer(t)
			src := s.source()
			s.expect(src, s.token(1), "")
			outage(s)
			s.wait(time.Minute)
			s.expect(src, s.token(1), "")
			s.expect(src, s.token(1), "")
			s.expectHits(listPath, 2) // one failure, then left alone
			s.wait(58 * time.Minute)
			s.expect(src, s.token(1), "")
			s.wait(time.Minute)
			s.expect(src, s.token(1), verify.StatusUnavailable)
		})
	}
}

// TestRollback holds a list older than one seen before to be refused, also once
// that one has expired.
func TestRollback(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	old := s.listTokenUntil(1, start.Add(time.Minute), start.Add(24*time.Hour), 0, nil)
	s.wait(2 * time.Minute)
	s.list(1, s.clock(), map[int64]verify.Status{7: verify.Revoked})
	s.expect(src, s.token(1), verify.StatusRevoked)
	s.handle(listPath, answerWith("application/statuslist+jwt", old, "max-age=60"))
	s.wait(59 * time.Minute)
	s.expect(src, s.token(1), verify.StatusRevoked)
	s.wait(time.Minute)
	s.expect(src, s.token(1), verify.StatusUnavailable)
	s.expect(s.source(), s.token(1), "") // another reader, who has not seen the newer one
}

// TestListOfRevokedKey holds a cached list to fall with the key that signed it.
func TestListOfRevokedKey(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	s.json(jwksPath, jwks(1, 2))
	lasting := answerWith("application/statuslist+jwt", s.listTokenUntil(2, start, start.Add(48*time.Hour), 86400, nil), "")
	s.handle(listPath, lasting)
	s.expect(src, s.token(1), "")
	s.metadata(map[string]any{"issuer": s.URL, "jwks": rawJSON(jwks(1)), "revoked_keys": []any{map[string]string{"kid": kid(2)}}})
	s.wait(time.Hour)
	s.expect(src, s.token(1), verify.StatusUnavailable)
	s.wait(backOff)
	s.list(1, s.clock(), nil)
	s.expect(src, s.token(1), "")
}

func TestLyingList(t *testing.T) {
	t.Parallel()
	const media = "application/statuslist+jwt"
	for name, lie := range map[string]func(*issuerServer) http.HandlerFunc{
		"not found": func(*issuerServer) http.HandlerFunc { return http.NotFound },
		"another type": func(s *issuerServer) http.HandlerFunc {
			return answerWith("application/jwt", s.listToken(1, start, 0, nil), "")
		},
		"JSON":    func(*issuerServer) http.HandlerFunc { return answerWith("application/json", []byte("{}"), "") },
		"no type": func(s *issuerServer) http.HandlerFunc { return answerWith("", s.listToken(1, start, 0, nil), "") },
		"garbage": func(*issuerServer) http.HandlerFunc { return answerWith(media, []byte("garbage"), "") },
		"empty":   func(*issuerServer) http.HandlerFunc { return answerWith(media, nil, "") },
		"huge": func(*issuerServer) http.HandlerFunc {
			return answerWith(media, bytes.Repeat([]byte("A"), verify.MaxListToken+1), "")
		},
		"unknown key": func(s *issuerServer) http.HandlerFunc { return answerWith(media, s.listToken(2, start, 0, nil), "") },
		"from the future": func(s *issuerServer) http.HandlerFunc {
			return answerWith(media, s.listToken(1, start.Add(2*time.Minute), 0, nil), "")
		},
		"expired": func(s *issuerServer) http.HandlerFunc {
			return answerWith(media, s.listToken(1, start.Add(-time.Hour), 0, nil), "")
		},
		"redirect": func(*issuerServer) http.HandlerFunc {
			return http.RedirectHandler("/status/2", http.StatusFound).ServeHTTP
		},
		"a token": func(s *issuerServer) http.HandlerFunc { return answerWith(media, []byte(s.token(1)), "") },
		"of another list": func(s *issuerServer) http.HandlerFunc {
			return answerWith(media, newIssuer(s.t).listToken(1, start, 0, nil), "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newIssuer(t)
			s.handle("/status/2", answerWith(media, s.listToken(1, start, 0, nil), ""))
			s.handle(listPath, lie(s))
			s.expect(s.source(), s.token(1), verify.StatusUnavailable)
			s.expectHits("/status/2", 0)
		})
	}
}

func TestForeignListURI(t *testing.T) {
	t.Parallel()
	s, evil := newIssuer(t), newIssuer(t)
	src := s.source()
	for _, uri := range []string{evil.URL + listPath, s.URL + "/status/../x", s.URL + "/b/1", s.URL + "/status/1?time=1", ""} {
		if _, err := src.StatusList(context.Background(), s.URL, uri); err == nil {
			t.Errorf("%q was fetched", uri)
		}
	}
	evil.expectHits(listPath, 0)
}

// TestListsAreBounded holds both the number of lists and their memory within bounds,
// while what was seen of the times is kept.
func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	i := s.source().issuers[s.URL]
	known, err := i.current(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := verify.VerifyStatusList(string(s.listToken(1, start, 0, nil)), known, s.URL+listPath, start)
	if err != nil {
		t.Fatal(err)
	}
	for n := range maxLists {
		if !i.keep(fmt.Sprint(n), list{signed: signed, fetched: start.Add(time.Duration(n)), newest: start}, 10*signed.Size()) {
			t.Fatalf("list %d was refused", n)
		}
	}
	if i.keep("one more", list{}, 10*signed.Size()) {
		t.Error("more lists than the bound were kept")
	}
	if got, want := i.listBytes(), 10*signed.Size(); got != want {
		t.Errorf("lists take %d bytes, want %d", got, want)
	}
	if first, last := i.list("0"), i.list(fmt.Sprint(maxLists-1)); first.signed != nil || first.newest != start || last.signed == nil {
		t.Error("the oldest is kept, the newest dropped, or a time forgotten")
	}
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": -1, "max-age=60": time.Minute, "public, MAX-AGE=60": time.Minute, `max-age="60"`: time.Minute, "no-store": 0,
		"max-age=60, no-cache": 0, "max-age=x": -1, "max-age=-1": -1, "max-age=99999999999999999999": -1, "private": -1,
	} {
		if got := maxAge(http.Header{"Cache-Control": {header}}); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
	if got := maxAge(http.Header{"Cache-Control": {"max-age=60"}, "Age": {"50"}}); got != 10*time.Second {
		t.Errorf("with Age: %v", got)
	}
	if bounded(-1) != defaultFresh || bounded(0) != minFresh || bounded(1<<62) != maxFresh {
		t.Error("bounds")
	}
}
