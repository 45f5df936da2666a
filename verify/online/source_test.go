package online

import (
	"testing"

	"cocarde.example/verify"
)

func TestValid(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	src := s.source()
	for range 3 {
		s.expect(src, s.token(1), "")
	}
	for _, path := range []string{"/.well-known/jwt-vc-issuer", "/.well-known/jwks.json", "/status/1"} {
		s.expectHits(path, 1)
	}
	s.wait(61e9)
	s.list(1, s.clock(), map[int64]verify.Status{7: verify.Suspended})
	s.expect(src, s.token(1), verify.StatusSuspended)
}
