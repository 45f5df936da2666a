package years

import (
	"context"

	"cocarde.example/verify"
	"cocarde.example/verify/online"
)

// strangers check what was given out.
type strangers struct {
	// careful looks at all that is published each time, and only remembers which
	// tokens held. kept is what it fetched last.
	careful *verify.Verifier
	kept    verify.Source
	// keeping keeps keys and lists for as long as it is told.
	keeping *verify.Verifier
	next    int // the statement that is looked at more closely
}

// Issuer implements verify.Source, as do the other two.
func (s *strangers) Issuer(ctx context.Context, iss string) (*verify.Issuer, error) {
	return s.kept.Issuer(ctx, iss)
}

func (s *strangers) Refresh(ctx context.Context, iss string) (*verify.Issuer, error) {
	return s.kept.Refresh(ctx, iss)
}

func (s *strangers) StatusList(ctx context.Context, iss, uri string) (verify.StatusReader, error) {
	return s.kept.StatusList(ctx, iss, uri)
}

func (y *years) newStrangers() *strangers {
	s := &strangers{keeping: y.verifier()}
	s.careful = verify.New(verify.Config{Source: s, Now: y.now})
	return s
}

// verifier is one that has seen nothing yet.
func (y *years) verifier() *verify.Verifier {
	y.t.Helper()
	source, err := online.New(online.Config{HTTP: y.client, Trust: []string{origin}, Now: y.now})
	must(y.t, err)
	return verify.New(verify.Config{Source: source, Now: y.now})
}

// keep has the careful one take what is published.
func (y *years) keep() {
	y.t.Helper()
	m, err := verify.ParseMetadata([]byte(y.metadata), origin)
	must(y.t, err)
	y.keys.revokedAs(m.RevokedKeys)
	y.strangers.kept, err = verify.NewOffline(verify.Offline{
		Issuer: origin, JWKS: []byte(y.jwks), Revoked: m.RevokedKeys, Lists: []string{y.list.token}, Now: y.now,
	})
	must(y.t, err)
}

// code is what a verifier says of a statement.
func (y *years) code(v *verify.Verifier, s *statement) verify.Code {
	y.t.Helper()
	r := v.Verify(y.t.Context(), s.public, verify.ForHandle(s.handle))
	if r.Valid != (r.Code == "") || r.Valid != (r.Outcome == verify.OutcomeValid) {
		y.t.Fatalf("%v: the report of %s contradicts itself: %+v", y.now(), s.jti, r)
	}
	return r.Code
}

// checkStatements has every statement checked by who looks anew and by who keeps what
// he may, and a few by who has never seen any, and by the issuer itself.
func (y *years) checkStatements() {
	y.t.Helper()
	for _, s := range y.statements {
		want := y.mustBe(s)
		if got := y.code(y.strangers.careful, s); got != want {
			y.t.Fatalf("%v: %s, given out at %v: %q, want %q", y.now(), s.jti, s.issued, got, want)
		}
	}
	y.passBy()
	fresh := y.verifier()
	for range min(2, len(y.statements)) {
		s := y.statements[y.strangers.next%len(y.statements)]
		y.strangers.next++
		if got, want := y.code(fresh, s), y.mustBe(s); got != want {
			y.t.Fatalf("%v: %s, given out at %v, to who knows nothing: %q, want %q", y.now(), s.jti, s.issued, got, want)
		}
		var r verify.Report
		y.decode(y.wanted(y.ask("POST", "/v1/verify", `{"attestation":"`+s.public+`"}`), 200).text, &r)
		if want := y.mustBe(s); r.Code != want {
			y.t.Fatalf("%v: %s, given out at %v, at the issuer itself: %q, want %q", y.now(), s.jti, s.issued, r.Code, want)
		}
	}
}

// passBy has every statement checked by who keeps keys and lists.
func (y *years) passBy() {
	y.t.Helper()
	for _, s := range y.statements {
		if got := y.code(y.strangers.keeping, s); !y.mayBe(s, got) {
			y.t.Fatalf("%v: %s, given out at %v, to who keeps what he may: %q, want %q", y.now(), s.jti, s.issued, got, y.mustBe(s))
		}
	}
}

// checkStopped: while nobody answers, what was fetched is believed until the list's
// end, and not longer; and who must ask anew does not know.
func (y *years) checkStopped() {
	y.t.Helper()
	y.happened[noAnswer]++
	for _, s := range y.statements {
		want := y.mustBe(s)
		if !y.now().Before(y.list.ends) && (want == "" || want == verify.StatusSuspended || want == verify.StatusRevoked) {
			want = verify.StatusUnavailable
		}
		if got := y.code(y.strangers.careful, s); got != want {
			y.t.Fatalf("%v: nobody answers, and %s is %q, want %q", y.now(), s.jti, got, want)
		}
		if got := y.code(y.strangers.keeping, s); got != verify.IssuerUnreachable && !y.mayBe(s, got) {
			y.t.Fatalf("%v: nobody answers, and %s is %q to who keeps what he may", y.now(), s.jti, got)
		}
	}
}
