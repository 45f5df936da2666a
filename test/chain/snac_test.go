package chain

import (
	"errors"
	"net/http"
	"os"
	"testing"

	"cocarde.example/test/snac"
)

const snacHost = "snac.test"

// realInstance starts snac2, which was not written by us, behind TLS. It trusts the
// authorities that are given.
func realInstance(t *testing.T, trusted ...[]byte) *snac.Instance {
	t.Helper()
	program := "../../" + snac.Program
	if _, err := os.Stat(program); errors.Is(err, os.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("snac2 is not there: run test/install")
		}
		t.Skip("snac2 is not there: run test/install")
	}
	i, err := snac.Start(t.Context(), program, snacHost, trusted...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return i
}

func TestAnAgentOfARealInstanceGetsAnAttestation(t *testing.T) {
	t.Parallel()
	instance := realInstance(t)
	w := newWorld(t, func(s *setup) { s.options.Outbound = instance.Policy() })
	someone := func(name string) (a *agent, password string) {
		password, err := instance.AddUser(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return &agent{
			visitor: w.visitor(t), world: w, handle: "@" + name + "@" + snacHost, lang: "en", method: "oauth",
			mailbox: journal.hide("mailbox", name+".dupont@culture.gouv.fr"),
		}, password
	}
	signIn := func(a *agent, user, password string) string {
		t.Helper()
		callback, err := instance.SignIn(t.Context(), a.authorizeURL, user, password)
		if err != nil {
			t.Fatal(err)
		}
		return hideQuery(t, callback)
	}
	marie, password := someone("marie")
	_, other := someone("pierre")

	b := marie.begin()
	if b.Handle != marie.handle || b.Actor != "https://"+snacHost+"/marie" {
		t.Errorf("got %s, %s", b.Handle, b.Actor)
	}
	marie.get(signIn(marie, "pierre", other), "Cookie: "+marie.cookie).refused(http.StatusConflict, "account_mismatch", "")
	marie.remember(marie.call(http.MethodPost, "/account-proof", "{}").want(http.StatusOK))
	marie.visit(signIn(marie, "marie", password), marie.cookie).want(http.StatusOK)
	marie.typeCode(marie.nextCode()).want(http.StatusOK)
	var i issued
	marie.issue().want(http.StatusCreated).into(&i)
	mustHold(t, marie.report(map[string]string{"attestation": i.Public, "expect_handle": marie.handle}))
	mustHold(t, marie.report(map[string]string{"handle": marie.handle}))
	if n := w.number(t, `SELECT count(*) FROM outbox WHERE kind = 'revocation'`); n != 0 {
		t.Errorf("%d tokens could not be given back", n)
	}

	nobody := *marie
	nobody.handle = "@nobody@" + snacHost
	nobody.ask().refused(http.StatusNotFound, "handle_not_found", "/handle")
}
