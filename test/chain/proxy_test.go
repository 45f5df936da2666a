package chain

import (
	"net/http"
	"strings"
	"testing"
)

// What stands in front of a real issuer ends TLS and hands requests on.
func TestAnIssuerBehindAProxyNamesItsPublicOriginAlone(t *testing.T) {
	t.Parallel()
	const public = "https://cocarde.example.org"
	w := newWorld(t, func(s *setup) { s.environ = append(s.environ, "COCARDE_URL="+public) })
	a := w.agent(t, w.instance(t))
	inside := "http://" + w.app.Addr()
	a.origin = inside
	got := a.ask().want(http.StatusCreated)
	if !strings.Contains(got.text, public+"/b/") || strings.Contains(got.text, w.app.Addr()) {
		t.Errorf("the answer names the inside: %s", got.text)
	}
	if got.header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security")
	}
	callback := a.signIn()
	if !strings.HasPrefix(callback, public+"/oauth/callback/") {
		t.Fatalf("the instance sends the browser to %s", callback)
	}
	a.visit(strings.Replace(callback, public, inside, 1), a.cookie).want(http.StatusOK)
	m := a.codeMail(1)
	if !strings.Contains(m.Text, public+"/request/stop/") || !strings.Contains(m.From, "@cocarde.example.org") {
		t.Errorf("the mail from %s: %s", m.From, m.Text)
	}
	a.typeCode(a.nextCode()).want(http.StatusOK)
	var i issued
	a.issue().want(http.StatusCreated).into(&i)
	mustHold(t, a.report(map[string]string{"attestation": i.Public}))
	for _, path := range []string{"/.well-known/jwks.json", "/.well-known/jwt-vc-issuer", "/status", "/actor", "/vct/agency-mailbox/v1", "/.well-known/webfinger?resource=acct:cocarde@cocarde.example.org"} {
		if got := a.get(path).want(http.StatusOK); strings.Contains(got.text, w.app.Addr()) {
			t.Errorf("%s names the inside", path)
		}
	}
}
