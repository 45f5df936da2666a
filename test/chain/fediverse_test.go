package chain

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/sandbox"
)

func TestAnInstanceInSecureModeIsAskedWithASignature(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	instance.SetSecureMode(true)
	w.agent(t, instance).attested()
	w.agent(t, instance).begin() // signed from the first try on
}

func TestAnInstanceThatOffersOnlyLDJSONIsUnderstood(t *testing.T) {
	t.Parallel()
	w := shared(t)
	w.agent(t, w.instance(t, sandbox.InstanceOptions{LDJSONOnly: true})).attested()
}

func TestTheCanonicalHandleOfASplitDomainIsShownAndAttested(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t, sandbox.InstanceOptions{LocalDomain: "agence.localhost"})
	a := w.agent(t, instance)
	_, port, _ := strings.Cut(instance.LocalDomain(), ":")
	canonical := "@" + a.account.Username() + "@agence.localhost:" + port
	for _, typed := range []string{canonical, "@" + a.account.Username() + "@social.localhost:" + port} {
		a.handle = typed
		if b := a.begin(); b.Handle != canonical || b.Actor != a.account.ActorID() {
			t.Errorf("%s: handle %s, actor %s", typed, b.Handle, b.Actor)
		}
		if !strings.HasPrefix(a.authorizeURL, instance.BaseURL()+"/") {
			t.Errorf("sign-in is not where the account lives: %s", a.authorizeURL)
		}
	}
	a.handle = canonical
	mustHold(t, a.report(map[string]string{"attestation": a.attested().Public, "expect_handle": canonical}))
}

func TestAnInstanceThatForgotTheRegistrationGetsAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	instance := w.instance(t)
	a := w.agent(t, instance)

	a.begin()
	callback := a.signIn()
	instance.ForgetApps() // while the agent is on the way back
	a.get(callback, "Cookie: "+a.cookie).refused(http.StatusBadGateway, "sign_in_failed", "")
	a.remember(a.call(http.MethodPost, "/account-proof", "{}").want(http.StatusOK))
	a.proveAccount()

	instance.ForgetApps() // while nobody looks
	w.clock.advance(2 * time.Minute)
	b := w.agent(t, instance)
	b.begin()
	b.proveAccount()
}

func TestTheProgramRegistersOncePerInstance(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t, sandbox.InstanceOptions{LimitApps: true}) // as Mastodon: 5 in 10 minutes
	clients := map[string]bool{}
	for range 7 {
		a := w.agent(t, instance)
		a.begin()
		u, err := url.Parse(a.authorizeURL)
		if err != nil {
			t.Fatal(err)
		}
		clients[u.Query().Get("client_id")] = true
		if got := u.Query().Get("redirect_uri"); got != w.origin()+"/oauth/callback/"+strings.TrimPrefix(instance.BaseURL(), "http://") {
			t.Errorf("redirect URI %s is not this instance's own", got)
		}
	}
	if len(clients) != 1 {
		t.Errorf("%d registrations", len(clients))
	}
}

func TestAFailedRevocationIsQueuedAndDoneLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	instance := w.instance(t)
	a := w.agent(t, instance)
	instance.Fail("/oauth/revoke", http.StatusServiceUnavailable)
	a.begin()
	a.proveAccount()
	if n := instance.LiveTokens(); n != 1 {
		t.Fatalf("%d tokens live, want the one that could not be given back", n)
	}
	if n := w.number(t, `SELECT count(*) FROM outbox WHERE kind = 'revocation'`); n != 1 {
		t.Fatalf("%d revocations are queued", n)
	}
	instance.Fail("/oauth/revoke", 0)
	w.clock.advance(time.Hour)
	eventually(t, patience, func() error {
		if instance.LiveTokens() != 0 || w.number(t, `SELECT count(*) FROM outbox WHERE kind = 'revocation'`) != 0 {
			return errTokenLives
		}
		return nil
	})
}

func TestATokenIsGivenBackWhoeverSignedIn(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	a, other := w.agent(t, instance), w.agent(t, instance)
	a.begin()
	a.get(a.signInAs(other.account.Username(), other.password), "Cookie: "+a.cookie).refused(http.StatusConflict, "account_mismatch", "")
	if s := a.state(); s != "awaiting_account_proof" {
		t.Errorf("another account's sign-in left the request %s", s)
	}
	a.remember(a.call(http.MethodPost, "/account-proof", "{}").want(http.StatusOK))
	instance.Fail("/api/v1/accounts/verify_credentials", http.StatusInternalServerError)
	a.get(a.signIn(), "Cookie: "+a.cookie).refused(http.StatusBadGateway, "instance_error", "")
	if n := instance.LiveTokens(); n != 0 {
		t.Errorf("%d tokens live", n)
	}
	if n := len(w.mailbox.Messages(a.mailbox)); n != 0 {
		t.Errorf("%d mails went out", n)
	}
}

func TestAnAccountThatIsNotInUseIsRefused(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	for name, step := range map[string]struct {
		change func(*sandbox.Account)
		status int
		code   string
	}{
		"deleted":   {func(a *sandbox.Account) { a.Delete() }, http.StatusNotFound, "handle_gone"},
		"suspended": {func(a *sandbox.Account) { a.SetSuspended(true) }, http.StatusBadRequest, "account_suspended"},
		"moved":     {func(a *sandbox.Account) { a.SetMovedTo("https://elsewhere.example/users/m") }, http.StatusBadRequest, "account_moved"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.agent(t, instance)
			step.change(a.account)
			a.ask().refused(step.status, step.code, "/handle")
		})
	}
}
