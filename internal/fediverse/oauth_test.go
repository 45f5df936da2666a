package fediverse

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/sandbox"
)

// verifier is the one of RFC 7636 appendix B.
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func signInAt(t *testing.T, i *sandbox.Instance) attest.SignInAt {
	t.Helper()
	h, err := acct.ParseHost(strings.TrimPrefix(i.BaseURL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	return attest.SignInAt{
		Host: h, RedirectURI: "https://cocarde.example.org/oauth/callback/" + h.String(),
		State: "the-state", Verifier: verifier,
	}
}

// authorize goes to the instance as a browser would, and comes back with a code.
func authorize(t *testing.T, w world, at attest.SignInAt) (code string) {
	t.Helper()
	u, err := w.AuthorizeURL(t.Context(), at)
	if err != nil {
		t.Fatalf("%v: %v", err, errors.Unwrap(err))
	}
	back, err := sandbox.SignIn(t.Context(), sandbox.LoopbackClient(), u, "marie", "secret")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(back)
	if err != nil {
		t.Fatal(err)
	}
	if s := parsed.Query().Get("state"); s != at.State {
		t.Errorf("state %q came back", s)
	}
	return parsed.Query().Get("code")
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	i, a := instance(t, sandbox.InstanceOptions{LimitApps: true})
	w, at := newWorld(t), signInAt(t, i)
	for range 7 { // more than the instance lets register
		code := authorize(t, w, at)
		id, unrevoked, err := w.FinishSignIn(t.Context(), at, code)
		if err != nil || unrevoked != nil || id != a.ActorID() {
			t.Fatalf("got %q, %v, %v", id, unrevoked, err)
		}
		if n := i.LiveTokens(); n != 0 {
			t.Fatalf("%d tokens are alive", n)
		}
		if _, _, err := w.FinishSignIn(t.Context(), at, code); !errors.Is(err, ErrSignIn) {
			t.Errorf("the code a second time: %v", err)
		}
	}
	app := w.shelf.apps[at.Host.String()]
	if w.shelf.saves != 1 || app.Scope != "profile" || app.RedirectURI != at.RedirectURI {
		t.Errorf("registered %d times, %+v", w.shelf.saves, app)
	}
	if plain, err := (vault{}).Open("app:"+at.Host.String(), app.ClientSecret); err != nil || len(plain) == 0 {
		t.Errorf("the client secret is not sealed for its host: %v", err)
	}
}

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	i, _ := instance(t, sandbox.InstanceOptions{})
	w, at := newWorld(t), signInAt(t, i)
	text, err := w.AuthorizeURL(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"response_type": "code", "state": at.State, "redirect_uri": at.RedirectURI, "scope": "profile",
		"code_challenge_method": "S256", "force_login": "true",
		"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
	} {
		if got := u.Query().Get(name); got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
	if u.Query().Get("client_id") == "" || strings.Contains(text, at.Verifier) {
		t.Error(text)
	}
}

func TestSignInWithoutMetadata(t *testing.T) {
	t.Parallel()
	i, a := instance(t, sandbox.InstanceOptions{})
	i.Fail("/.well-known/oauth-authorization-server", 404)
	w, at := newWorld(t), signInAt(t, i)
	id, unrevoked, err := w.FinishSignIn(t.Context(), at, authorize(t, w, at))
	if err != nil || unrevoked != nil || id != a.ActorID() {
		t.Errorf("got %q, %v, %v", id, unrevoked, err)
	}
}

// Callers at a time for one instance register once.
func TestRegistersOnce(t *testing.T) {
	t.Parallel()
	i, _ := instance(t, sandbox.InstanceOptions{})
	w, at := newWorld(t), signInAt(t, i)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.AuthorizeURL(t.Context(), at); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if w.shelf.saves != 1 {
		t.Errorf("registered %d times", w.shelf.saves)
	}
}

// TestTwoProcessesRegisterAtOnce: the sign-ins that both have begun come to their end.
func TestTwoProcessesRegisterAtOnce(t *testing.T) {
	t.Parallel()
	i, a := instance(t, sandbox.InstanceOptions{})
	one, at := newWorld(t), signInAt(t, i)
	other := newWorldOn(t, one.shelf)
	var theirs string
	one.shelf.look = func() { // once one has found nothing, the other does it all
		one.shelf.look = nil
		theirs = authorize(t, other, at)
	}
	ours := authorize(t, one, at)
	for _, code := range []string{ours, theirs} {
		if id, _, err := other.FinishSignIn(t.Context(), at, code); err != nil || id != a.ActorID() {
			t.Errorf("got %q, %v", id, err)
		}
	}
}

func TestInstanceForgotUs(t *testing.T) {
	t.Parallel()
	i, a := instance(t, sandbox.InstanceOptions{})
	w, at := newWorld(t), signInAt(t, i)

	code := authorize(t, w, at)
	i.ForgetApps()
	if _, _, err := w.FinishSignIn(t.Context(), at, code); !errors.Is(err, ErrSignIn) {
		t.Fatalf("in the middle of a sign-in: %v", err)
	}
	if _, _, err := w.FinishSignIn(t.Context(), at, authorize(t, w, at)); err != nil {
		t.Fatalf("the next sign-in: %v", err)
	}

	i.ForgetApps()
	w.clock.pass(time.Hour)
	id, _, err := w.FinishSignIn(t.Context(), at, authorize(t, w, at))
	if err != nil || id != a.ActorID() {
		t.Fatalf("forgotten since long: %q, %v", id, err)
	}
	if w.shelf.saves != 3 {
		t.Errorf("registered %d times, want 3", w.shelf.saves)
	}
}

func TestRegistersAnew(t *testing.T) {
	t.Parallel()
	i, _ := instance(t, sandbox.InstanceOptions{})
	w, at := newWorld(t), signInAt(t, i)
	authorize(t, w, at)
	at.RedirectURI = "https://new.example.org/oauth/callback/" + at.Host.String()
	authorize(t, w, at) // the issuer has another origin
	app := w.shelf.apps[at.Host.String()]
	app.ClientSecret = vault{}.Seal("app:another", []byte("x"))
	w.shelf.apps[at.Host.String()] = app
	authorize(t, w, at) // the secret cannot be opened
	if w.shelf.saves != 3 {
		t.Errorf("registered %d times, want 3", w.shelf.saves)
	}
}

func TestRevocationFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		credentials int
		want        error
		id          bool
	}{
		"alone":                    {0, nil, true},
		"after another failure":    {500, ErrInstance, false},
		"after a refusal":          {401, ErrSignIn, false},
		"with a suspended account": {403, ErrSuspended, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, a := instance(t, sandbox.InstanceOptions{})
			w, at := newWorld(t), signInAt(t, i)
			code := authorize(t, w, at)
			i.Fail("/oauth/revoke", 503)
			i.Fail("/api/v1/accounts/verify_credentials", c.credentials)
			id, unrevoked, err := w.FinishSignIn(t.Context(), at, code)
			if !errors.Is(err, c.want) || (id == a.ActorID()) != c.id {
				t.Fatalf("got %q, %v", id, err)
			}
			if unrevoked == nil || unrevoked.Host != at.Host.String() || i.LiveTokens() != 1 {
				t.Fatalf("unrevoked %v, %d tokens alive", unrevoked != nil, i.LiveTokens())
			}
			if err := w.Revoke(t.Context(), *unrevoked); !errors.Is(err, ErrInstance) {
				t.Errorf("while it fails: %v", err)
			}
			i.Fail("/oauth/revoke", 0)
			if err := w.Revoke(t.Context(), *unrevoked); err != nil || i.LiveTokens() != 0 {
				t.Errorf("%v, %d tokens alive", err, i.LiveTokens())
			}
		})
	}
}

func TestRevokedThoughTheAnswerWasNoGood(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403, 404, 500} {
		i, _ := instance(t, sandbox.InstanceOptions{})
		w, at := newWorld(t), signInAt(t, i)
		code := authorize(t, w, at)
		i.Fail("/api/v1/accounts/verify_credentials", status)
		_, unrevoked, err := w.FinishSignIn(t.Context(), at, code)
		if _, ok := fault.Of(err); !ok || unrevoked != nil || i.LiveTokens() != 0 {
			t.Errorf("status %d: %v, unrevoked %v, %d tokens alive", status, err, unrevoked != nil, i.LiveTokens())
		}
	}
}

// The caller goes away as soon as the token is there: it ends all the same.
func TestRevokedThoughTheCallerWentAway(t *testing.T) {
	t.Parallel()
	revoked := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	api := mastodonAPI{credentials: func() page { cancel(); return silent }, revoked: revoked}
	w, at := api.start(t)
	if _, err := w.AuthorizeURL(ctx, at); err != nil {
		t.Fatal(err)
	}
	_, unrevoked, err := w.FinishSignIn(ctx, at, "code")
	if !errors.Is(err, context.Canceled) || unrevoked != nil || len(revoked) != 1 {
		t.Errorf("got %v, unrevoked %v, %d revocations", err, unrevoked != nil, len(revoked))
	}
}

func TestFinishSignInRefuses(t *testing.T) {
	t.Parallel()
	i, _ := instance(t, sandbox.InstanceOptions{})
	w, at := newWorld(t), signInAt(t, i)
	if _, _, err := w.FinishSignIn(t.Context(), at, "code"); !errors.Is(err, ErrSignIn) {
		t.Errorf("never begun: %v", err)
	}
	code := authorize(t, w, at)
	other := at
	other.Verifier = "another-verifier-another-verifier-another-verifier"
	for name, c := range map[string]struct {
		at   attest.SignInAt
		code string
	}{
		"empty code": {at, ""}, "huge code": {at, strings.Repeat("x", 5000)}, "guessed code": {at, "guess"}, "another verifier": {other, code},
	} {
		if _, unrevoked, err := w.FinishSignIn(t.Context(), c.at, c.code); !errors.Is(err, ErrSignIn) || unrevoked != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := w.FinishSignIn(t.Context(), at, code); err != nil {
		t.Errorf("the right code after the wrong ones: %v", err)
	}
}

func TestRevokeGivesUp(t *testing.T) {
	t.Parallel()
	i, _ := instance(t, sandbox.InstanceOptions{})
	w, at := newWorld(t), signInAt(t, i)
	authorize(t, w, at)
	i.ForgetApps()
	for _, r := range []attest.Revocation{
		{Host: at.Host.String(), Token: "x"},      // the instance knows us no more
		{Host: "never.example.org", Token: "x"},   // never registered there
		{Host: "not a host at all", Token: "x"},   // nothing that was ever written
		{Host: at.Host.String() + "/", Token: ""}, // likewise
	} {
		err := w.Revoke(t.Context(), r)
		if f, ok := fault.Of(err); !ok || f.Kind != fault.Invalid {
			t.Errorf("%s: %v", r.Host, err)
		}
	}
}
