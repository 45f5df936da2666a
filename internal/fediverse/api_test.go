package fediverse

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/sandbox"
)

const token = "a-token-that-nobody-may-see"

// mastodonAPI is an instance that answers as its fields say; what is not set
// works, as on a server without metadata.
type mastodonAPI struct {
	apps        func(scope string) page
	token       page
	careless    bool // any code yields a token
	credentials func() page
	revoke      page
	revoked     chan struct{}
	more        site // metadata, WebFinger
}

func jsonPage(text string) page { return page{kind: "application/json", text: text} }

func (m mastodonAPI) start(t *testing.T) (world, attest.SignInAt) {
	t.Helper()
	names := strings.NewReplacer() // replaced below, once the port is known
	routes := site{
		"GOOD /api/v1/apps": {run: func(w http.ResponseWriter, r *http.Request) {
			p := jsonPage(`{"client_id":"id","client_secret":"secret"}`)
			if m.apps != nil {
				p = m.apps(r.FormValue("scopes"))
			}
			p.serve(w, r, names)
		}},
		"GOOD /oauth/token": {run: func(w http.ResponseWriter, r *http.Request) {
			p := m.token
			switch {
			case !m.careless && r.FormValue("code") != "code":
				p = page{status: 400, kind: "application/json", text: `{"error":"invalid_grant"}`}
			case p.status == 0 && p.kind == "":
				p = jsonPage(`{"access_token":"` + token + `","token_type":"Bearer"}`)
			}
			p.serve(w, r, names)
		}},
		"GOOD /api/v1/accounts/verify_credentials": {run: func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+token {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			m.credentials().serve(w, r, names)
		}},
		"GOOD /oauth/revoke": {run: func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("token") == token && m.revoked != nil {
				m.revoked <- struct{}{}
			}
			m.revoke.serve(w, r, names)
		}},
	}
	for k, p := range m.more {
		routes[k] = p
	}
	real := routes.start(t)
	names = strings.NewReplacer("GOOD", real("GOOD"), "EVIL", real("EVIL"))
	h, err := acct.ParseHost(real("GOOD"))
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t), attest.SignInAt{
		Host: h, RedirectURI: "https://cocarde.example.org/oauth/callback/" + h.String(), State: "state", Verifier: verifier,
	}
}

const metadataPath = "GOOD /.well-known/oauth-authorization-server"

func TestWhoSignedIn(t *testing.T) {
	t.Parallel()
	const id = "http://GOOD/u/alice"
	uri := `{"uri":"` + id + `","username":"alice"}`
	for name, c := range map[string]struct {
		answer page
		more   site
		want   error
	}{
		"uri":           {answer: jsonPage(uri)},
		"pleroma":       {answer: jsonPage(`{"pleroma":{"ap_id":"` + id + `"},"username":"alice"}`)},
		"by WebFinger":  {answer: jsonPage(`{"acct":"alice","username":"alice","url":"http://GOOD/@alice"}`), more: site{"GOOD wf alice@GOOD": jrdPage("alice@GOOD", id)}},
		"split domain":  {answer: jsonPage(`{"username":"alice","url":"http://GOOD/@alice"}`), more: site{"GOOD wf alice@GOOD": jrdPage("alice@EVIL", id), "EVIL wf alice@EVIL": jrdPage("alice@EVIL", id)}},
		"uri elsewhere": {answer: jsonPage(`{"uri":"http://EVIL/u/alice"}`), want: ErrActorMismatch},
		"uri no URL":    {answer: jsonPage(`{"uri":"alice"}`), want: ErrActorMismatch},
		"url elsewhere": {answer: jsonPage(`{"username":"alice","url":"http://EVIL/@alice"}`), want: ErrActorMismatch},
		"WebFinger leads elsewhere": {answer: jsonPage(`{"username":"alice","url":"http://GOOD/@alice"}`),
			more: site{"GOOD wf alice@GOOD": jrdPage("alice@GOOD", "http://EVIL/u/alice")}, want: ErrActorMismatch},
		"no user name":  {answer: jsonPage(`{"url":"http://GOOD/@alice"}`), want: ErrAnswer},
		"empty":         {answer: jsonPage(`{}`), want: ErrActorMismatch},
		"a page":        {answer: page{kind: "text/html", text: "<p>hello"}, want: ErrAnswer},
		"without end":   {answer: endless("application/json", `{"uri":"`, "a"), want: fault.New(0, "response_too_large", "")},
		"redirect":      {answer: redirect(302, "http://EVIL/"), want: fault.New(0, "redirect_refused", "")},
		"too many":      {answer: page{status: 429}, want: ErrSignIn},
		"login ended":   {answer: page{status: 401}, want: ErrSignIn},
		"server failed": {answer: page{status: 502}, want: ErrInstance},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			revoked := make(chan struct{}, 1)
			w, at := mastodonAPI{credentials: func() page { return c.answer }, more: c.more, revoked: revoked}.start(t)
			if _, err := w.AuthorizeURL(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			got, unrevoked, err := w.FinishSignIn(t.Context(), at, "code")
			if len(revoked) != 1 || unrevoked != nil {
				t.Errorf("%d revocations, unrevoked %v", len(revoked), unrevoked != nil)
			}
			if c.want == nil && (err != nil || got != strings.ReplaceAll(id, "GOOD", at.Host.String())) {
				t.Errorf("got %q, %v: %v", got, err, errors.Unwrap(err))
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %q, %v", got, err)
			}
			tellsNothing(t, err)
		})
	}
}

// tellsNothing fails if an error or its causes name the token.
func tellsNothing(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), token) {
			t.Errorf("the error tells the token: %v", err)
		}
	}
}

func TestRegistration(t *testing.T) {
	t.Parallel()
	ok := jsonPage(`{"client_id":"id","client_secret":"secret"}`)
	always := func(p page) func(string) page { return func(string) page { return p } }
	meta := func(text string) site { return site{metadataPath: jsonPage(text)} }
	for name, c := range map[string]struct {
		apps  func(scope string) page
		more  site
		scope string
		want  error
	}{
		"no metadata":               {apps: always(ok), scope: "profile"},
		"profile is refused":        {scope: "read:accounts", apps: onlyScope("read:accounts", ok)},
		"metadata without profile":  {more: meta(`{"scopes_supported":["read","read:accounts"]}`), scope: "read:accounts", apps: onlyScope("read:accounts", ok)},
		"metadata is a page":        {more: site{metadataPath: {kind: "text/html", text: "<p>"}}, apps: always(ok), scope: "profile"},
		"metadata is broken":        {more: meta(`{"scopes_supported":`), want: ErrAnswer},
		"metadata redirects":        {more: site{metadataPath: redirect(302, "http://EVIL/")}, want: fault.New(0, "redirect_refused", "")},
		"authorization elsewhere":   {more: meta(`{"authorization_endpoint":"http://EVIL/oauth/authorize"}`), want: ErrAnswer},
		"token elsewhere":           {more: meta(`{"token_endpoint":"http://EVIL/oauth/token"}`), want: ErrAnswer},
		"revocation elsewhere":      {more: meta(`{"revocation_endpoint":"http://EVIL/oauth/revoke"}`), want: ErrAnswer},
		"registration elsewhere":    {more: meta(`{"app_registration_endpoint":"http://EVIL/apps"}`), want: ErrAnswer},
		"authorization is a script": {more: meta(`{"authorization_endpoint":"javascript:alert(1)"}`), want: ErrAnswer},
		"all is refused":            {apps: always(page{status: 422}), want: ErrSignInUnsupported},
		"no such API":               {apps: always(page{status: 404}), want: ErrSignInUnsupported},
		"no client id":              {apps: always(jsonPage(`{"client_secret":"x"}`)), want: ErrSignInUnsupported},
		"a page":                    {apps: always(page{kind: "text/html", text: "<p>"}), want: ErrSignInUnsupported},
		"limited":                   {apps: always(page{status: 429}), want: ErrInstance},
		"failing":                   {apps: always(page{status: 500}), want: ErrInstance},
		"redirect":                  {apps: always(redirect(307, "http://EVIL/apps")), want: fault.New(0, "redirect_refused", "")},
		"without end":               {apps: always(endless("application/json", `{"a":"`, "a")), want: fault.New(0, "response_too_large", "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, at := mastodonAPI{apps: c.apps, more: c.more}.start(t)
			_, err := w.AuthorizeURL(t.Context(), at)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v", err)
			}
			if got := w.shelf.apps[at.Host.String()].Scope; got != c.scope {
				t.Errorf("scope %q, want %q", got, c.scope)
			}
		})
	}
}

func onlyScope(scope string, p page) func(string) page {
	return func(asked string) page {
		if asked == scope {
			return p
		}
		return page{status: 422}
	}
}

// Akkoma registers any scope and then grants nothing for one it does not know.
func TestScopeThatDoesNotSuffice(t *testing.T) {
	t.Parallel()
	w, at := mastodonAPI{
		apps:        func(scope string) page { return jsonPage(`{"client_id":"` + scope + `","client_secret":"s"}`) },
		credentials: func() page { return page{status: 403} },
	}.start(t)
	for n, want := range []struct {
		scope string
		err   error
	}{{"profile", ErrSignIn}, {"read:accounts", ErrSuspended}} {
		u, err := w.AuthorizeURL(t.Context(), at)
		if err != nil || !strings.Contains(u, "scope="+strings.ReplaceAll(want.scope, ":", "%3A")) {
			t.Fatalf("sign-in %d: %s, %v", n, u, err)
		}
		if _, _, err := w.FinishSignIn(t.Context(), at, "code"); !errors.Is(err, want.err) {
			t.Errorf("sign-in %d: %v", n, err)
		}
	}
}

func TestTokenAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer page
		want   error
	}{
		"no token":       {jsonPage(`{}`), ErrAnswer},
		"a page":         {page{kind: "text/html", text: "<p>"}, ErrAnswer},
		"bad characters": {jsonPage(`{"access_token":"a\r\nHost: evil"}`), ErrAnswer},
		"huge token":     {jsonPage(`{"access_token":"` + strings.Repeat("a", 5000) + `"}`), ErrAnswer},
		"invalid_grant":  {page{status: 400, kind: "application/json", text: `{"error":"invalid_grant"}`}, ErrSignIn},
		"limited":        {page{status: 429}, ErrInstance},
		"failing":        {page{status: 500}, ErrInstance},
		"redirect":       {redirect(307, "http://EVIL/oauth/token"), fault.New(0, "redirect_refused", "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, at := mastodonAPI{token: c.answer}.start(t)
			if _, err := w.AuthorizeURL(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			if _, _, err := w.FinishSignIn(t.Context(), at, "code"); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRevocationAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer page
		done   bool
		kind   fault.Kind
	}{
		"taken":           {jsonPage(`{}`), true, 0},
		"snac, again":     {page{status: 422, kind: "text/html; charset=utf-8", text: "<p>"}, true, 0},
		"unprocessable":   {page{status: 422, kind: "application/json"}, false, fault.Invalid},
		"not ours":        {page{status: 403}, false, fault.Invalid},
		"no such path":    {page{status: 404}, false, fault.Invalid},
		"limited":         {page{status: 429}, false, fault.Upstream},
		"failing":         {page{status: 503}, false, fault.Upstream},
		"leads elsewhere": {redirect(307, "http://EVIL/"), false, fault.Upstream},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, at := mastodonAPI{revoke: c.answer, credentials: func() page { return jsonPage(`{"uri":"http://GOOD/u/alice"}`) }}.start(t)
			if _, err := w.AuthorizeURL(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			_, unrevoked, err := w.FinishSignIn(t.Context(), at, "code")
			if err != nil || (unrevoked == nil) != c.done {
				t.Fatalf("unrevoked %v, %v", unrevoked != nil, err)
			}
			err = w.Revoke(t.Context(), attest.Revocation{Host: at.Host.String(), Token: token})
			if f, ok := fault.Of(err); c.done && err != nil || !c.done && (!ok || f.Kind != c.kind) {
				t.Errorf("again: %v", err)
			}
			tellsNothing(t, err)
		})
	}
}

// An instance that does not look at codes gives a token of whoever signed in last
// through a registration: each sign-in has one of its own.
func TestInstanceThatIgnoresCodes(t *testing.T) {
	t.Parallel()
	var ids atomic.Int32
	w, first := mastodonAPI{
		careless:    true,
		apps:        func(string) page { return jsonPage(fmt.Sprintf(`{"client_id":"%d","client_secret":"s"}`, ids.Add(1))) },
		credentials: func() page { return jsonPage(`{"uri":"http://GOOD/u/alice"}`) },
	}.start(t)
	second := first
	second.Verifier = "another-verifier-another-verifier-another-verifier"
	clients := map[string]bool{}
	for _, at := range []attest.SignInAt{first, second} {
		text, err := w.AuthorizeURL(t.Context(), at)
		if err != nil {
			t.Fatalf("%v: %v", err, errors.Unwrap(err))
		}
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		clients[u.Query().Get("client_id")] = true
	}
	if _, ok := w.shelf.apps[first.Host.String()]; ok || len(clients) != 2 || len(w.shelf.apps) != 2 {
		t.Fatalf("clients %v, %d registrations are kept, a shared one: %v", clients, len(w.shelf.apps), ok)
	}
	stranger := first
	stranger.Verifier = "who-never-began-never-began-never-began-never-began"
	if _, _, err := w.FinishSignIn(t.Context(), stranger, "code"); !errors.Is(err, ErrSignIn) {
		t.Errorf("a sign-in that was never begun: %v", err)
	}
	for _, at := range []attest.SignInAt{first, second} {
		if _, unrevoked, err := w.FinishSignIn(t.Context(), at, "code"); err != nil || unrevoked != nil {
			t.Errorf("%v: %v", err, errors.Unwrap(err))
		}
		if _, _, err := w.FinishSignIn(t.Context(), at, "code"); !errors.Is(err, ErrSignIn) {
			t.Errorf("a second time: %v", err)
		}
	}
	if len(w.shelf.apps) != 0 {
		t.Errorf("%d registrations are left", len(w.shelf.apps))
	}
}

// An instance that once checked codes and no longer does loses the shared one.
func TestInstanceBecomesCareless(t *testing.T) {
	t.Parallel()
	i, _ := instance(t, sandbox.InstanceOptions{})
	w, at := newWorld(t), signInAt(t, i)
	authorize(t, w, at)
	app := w.shelf.apps[at.Host.String()]
	_, other := mastodonAPI{careless: true}.start(t)
	app.Token, app.Revoke = "http://"+other.Host.String()+"/oauth/token", "http://"+other.Host.String()+"/oauth/revoke"
	w.shelf.apps[at.Host.String()] = app
	w.clock.pass(time.Hour)
	authorize(t, w, at)
	if _, ok := w.shelf.apps[at.Host.String()]; ok || len(w.shelf.apps) != 1 {
		t.Errorf("%d registrations are kept, the shared one: %v", len(w.shelf.apps), ok)
	}
}

// A revocation that failed finds the registration of its own sign-in again.
func TestRevocationOfASingleSignIn(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	w, at := mastodonAPI{
		careless:    true,
		credentials: func() page { status.Store(503); return jsonPage(`{"uri":"http://GOOD/u/alice"}`) },
		more: site{"GOOD /oauth/revoke": {run: func(w http.ResponseWriter, _ *http.Request) {
			if s := status.Load(); s != 0 {
				w.WriteHeader(int(s))
			}
		}}},
	}.start(t)
	if _, err := w.AuthorizeURL(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	_, unrevoked, err := w.FinishSignIn(t.Context(), at, "code")
	if err != nil || unrevoked == nil {
		t.Fatalf("unrevoked %v, %v", unrevoked != nil, err)
	}
	status.Store(0)
	if err := w.Revoke(t.Context(), *unrevoked); err != nil {
		t.Error(err)
	}
	if len(w.shelf.apps) != 0 {
		t.Errorf("%d registrations are left", len(w.shelf.apps))
	}
}
