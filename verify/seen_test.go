package verify

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSeenIsJudgedAnew shows a token twice, with the world changed in between.
func TestSeenIsJudgedAnew(t *testing.T) {
	t.Parallel()
	otherKey, err := NewIssuer(testIssuer, jwks(jwk(testKID, testKey(2))))
	if err != nil {
		t.Fatal(err)
	}
	noKey, err := NewIssuer(testIssuer, jwks())
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := NewIssuer(testIssuer, jwks(jwk(testKID, testKey(1))), RevokedKey{KeyID: testKID})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*world, *time.Time)
		handle string
		check  string
		code   Code
	}{
		{"expired", func(_ *world, now *time.Time) { *now = now.AddDate(1, 0, 0) }, testHandle, "time", Expired},
		{"clock set back", func(_ *world, now *time.Time) { *now = now.AddDate(-1, 0, 0) }, testHandle, "time", NotYetValid},
		{"another caller", func(*world, *time.Time) {}, "@mallory@social.example", "subject", SubjectMismatch},
		{"no longer trusted", func(w *world, _ *time.Time) { w.issuerErr = ErrIssuerUntrusted }, testHandle, "issuer", IssuerUntrusted},
		{"key gone", func(w *world, _ *time.Time) { w.issuer = noKey }, testHandle, "key", KeyNotFound},
		{"key revoked", func(w *world, _ *time.Time) { w.issuer = revoked }, testHandle, "key", KeyRevoked},
		{"key replaced", func(w *world, _ *time.Time) { w.issuer = otherKey }, testHandle, "signature", BadSignature},
		{"list gone", func(w *world, _ *time.Time) { w.listErr = context.DeadlineExceeded }, testHandle, "status", StatusUnavailable},
		{"suspended", func(w *world, _ *time.Time) { w.list = fakeList{status: Suspended} }, testHandle, "status", StatusSuspended},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, now, token := newWorld(t), testNow, testToken()
			v := New(Config{Source: w, Now: func() time.Time { return now }})
			for range 2 {
				if r := v.Verify(context.Background(), token, ForHandle(testHandle)); !r.Valid {
					t.Fatalf("good token: %s", r.Code)
				}
			}
			tt.change(w, &now)
			r := v.Verify(context.Background(), token, ForHandle(tt.handle))
			holdForm(t, r)
			expect(t, r, tt.check, tt.code)
		})
	}
}

func TestReportsShareNothing(t *testing.T) {
	t.Parallel()
	v := newWorld(t).verifier()
	token := testToken()
	first := v.Verify(context.Background(), token, AnyAccount())
	first.Attestation.Handle, first.Checks[0].Outcome = "@mallory@evil.example", Failed
	if again := v.Verify(context.Background(), token, ForHandle(testHandle)); again.Attestation.Handle != testHandle || !again.Valid {
		t.Error("a caller's change of a report reached the next one")
	}
}

func TestSeenIsBounded(t *testing.T) {
	t.Parallel()
	s := newSeen(10, 1<<20)
	b := &believed{}
	for i := range 1000 {
		s.put(strconv.Itoa(i), b)
		if n := len(s.young) + len(s.old); n > 10 {
			t.Fatalf("%d tokens are remembered, want 10 at most", n)
		}
	}
	if s.get("999") != b || s.get("1") != nil {
		t.Error("the newest is forgotten or the oldest remembered")
	}
	s = newSeen(1000, 20*overhead)
	for i := range 100 {
		s.put(strings.Repeat("x", overhead)+strconv.Itoa(i), b)
		if n := len(s.young) + len(s.old); n > 10 {
			t.Fatalf("%d tokens of 1 KiB are remembered in 20 KiB", n)
		}
	}
	newSeen(10, -1).put("x", b)
}

func TestOnlyWhatHeldIsRemembered(t *testing.T) {
	t.Parallel()
	v := newWorld(t).verifier()
	forged := Compose(signRaw(testKey(2), mustJSON(testHeader()), mustJSON(testPayload())))
	for _, token := range []string{"", "garbage", forged, testToken() + string(testDisclosure()) + "x~"} {
		v.Verify(context.Background(), token, AnyAccount())
	}
	if len(v.seen.young)+len(v.seen.old) != 0 {
		t.Error("a token that did not hold is remembered")
	}
}

func TestVerifyConcurrently(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	src, err := NewOffline(Offline{Issuer: testIssuer, JWKS: jwks(jwk(testKID, testKey(1))), Now: clock,
		Lists: []string{sign(listHeader(), testListPayload(t, nil))}})
	if err != nil {
		t.Fatal(err)
	}
	v := New(Config{Source: src, Now: w.verifier().now, MaxSeen: 4})
	tokens := make([]string, 8)
	for i := range tokens {
		tokens[i] = Compose(sign(testHeader(), with(testPayload(), object{"jti": strconv.Itoa(i)})))
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 40 {
				token := tokens[(i+g)%len(tokens)]
				r := v.Verify(context.Background(), token, ForHandle(testHandle))
				if !r.Valid || r.Attestation.ID != strconv.Itoa((i+g)%len(tokens)) {
					t.Errorf("valid %t, code %q", r.Valid, r.Code)
				}
			}
		})
	}
	wg.Wait()
}
