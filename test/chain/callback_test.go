package chain

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/sandbox"
)

// with changes parameters of a callback; an empty value takes one away.
func with(t *testing.T, callback string, params ...string) string {
	t.Helper()
	u, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for i := 0; i < len(params); i += 2 {
		q.Set(params[i], params[i+1])
		if params[i+1] == "" {
			q.Del(params[i])
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func TestACallbackThatDoesNotFitProvesNothing(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	a, other := w.agent(t, instance), w.agent(t, instance)
	a.begin()
	other.begin()
	callback, foreign := a.signIn(), other.signIn()
	foreignState, err := url.Parse(foreign)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		callback string
		code     string
	}{
		"a forged state":  {with(t, callback, "state", "forged"), "sign_in_unknown"},
		"no state":        {with(t, callback, "state", ""), "callback_malformed"},
		"a state twice":   {callback + "&state=x", "callback_malformed"},
		"a huge state":    {with(t, callback, "state", strings.Repeat("s", 2049)), "callback_malformed"},
		"a huge code":     {with(t, callback, "code", strings.Repeat("c", 2049)), "callback_malformed"},
		"nothing at all":  {w.origin() + "/oauth/callback/social.localhost", "callback_malformed"},
		"odd parameters":  {w.origin() + "/oauth/callback/social.localhost?%zz", "callback_malformed"},
		"another's error": {w.origin() + "/oauth/callback/x?state=x&error=access_denied", "sign_in_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			a.get(c.callback, "Cookie: "+a.cookie).refused(http.StatusBadRequest, c.code, "")
		})
	}
	// Another instance's path uses the state up: who knows it may not try twice.
	mixed := strings.Replace(foreign, "/oauth/callback/", "/oauth/callback/evil.", 1)
	other.get(mixed, "Cookie: "+other.cookie).refused(http.StatusBadRequest, "sign_in_unknown", "")
	if s := other.state(); s != "awaiting_account_proof" {
		t.Errorf("a mix-up of instances left the request %s", s)
	}
	// A foreign cookie, and the right one twice, are no cookie at all.
	page := a.visit(callback, other.cookie).want(http.StatusOK)
	page.shownCode()
	if s := a.state(); s != "awaiting_account_proof" {
		t.Errorf("with another browser's cookie the request is %s", s)
	}
	// Replayed: with the right cookie, too late.
	a.get(callback, "Cookie: "+a.cookie).refused(http.StatusBadRequest, "sign_in_unknown", "")
	other.remember(other.call(http.MethodPost, "/account-proof", "{}").want(http.StatusOK))
	other.proveAccount()
	other.get(with(t, foreign, "state", foreignState.Query().Get("state")), "Cookie: "+other.cookie).refused(http.StatusBadRequest, "sign_in_unknown", "")
	if n := len(w.mailbox.Messages(a.mailbox)); n != 0 {
		t.Errorf("%d mails went out", n)
	}
}

func TestASignInThatIsDeniedCanBeBegunAgain(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	denied, err := sandbox.Deny(t.Context(), sandbox.LoopbackClient(), a.authorizeURL)
	if err != nil {
		t.Fatal(err)
	}
	a.get(hideQuery(t, denied), "Cookie: "+a.cookie).refused(http.StatusForbidden, "sign_in_denied", "")
	former := a.authorizeURL
	a.remember(a.call(http.MethodPost, "/account-proof", "{}").want(http.StatusOK))
	if a.authorizeURL == former {
		t.Error("the second sign-in is the first")
	}
	page := a.visit(with(t, denied, "code", "x", "error", ""), a.cookie)
	if page.status != http.StatusBadRequest || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		t.Errorf("a browser is shown %d %s", page.status, page.header.Get("Content-Type"))
	}
	a.proveAccount()
}

func TestTheSignInsOfARequestAreFewAndLastTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	callback := a.signIn()
	w.clock.advance(11 * time.Minute)
	a.get(callback, "Cookie: "+a.cookie).refused(http.StatusGone, "sign_in_expired", "")
	for range 4 {
		a.remember(a.call(http.MethodPost, "/account-proof", "{}").want(http.StatusOK))
	}
	a.call(http.MethodPost, "/account-proof", "{}").refused(http.StatusTooManyRequests, "too_many_sign_ins", "")
	page := a.visit(a.signIn())
	code := page.want(http.StatusOK).shownCode()
	w.clock.advance(11 * time.Minute)
	a.call(http.MethodPost, "/account-proof", `{"code":"`+code+`"}`).refused(http.StatusGone, "code_expired", "/code")
}

func TestAnAccountCodeIsGuessedFiveTimesAtMost(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	a.call(http.MethodPost, "/account-proof", `{"code":"zzzzzzzz"}`).refused(http.StatusConflict, "request_out_of_turn", "")
	code := a.visit(a.signIn()).shownCode()
	for range 4 {
		a.call(http.MethodPost, "/account-proof", `{"code":"00000000"}`).refused(http.StatusForbidden, "code_wrong", "/code")
	}
	a.call(http.MethodPost, "/account-proof", `{"code":"short"}`).refused(http.StatusBadRequest, "account_code_malformed", "/code")
	a.call(http.MethodPost, "/account-proof", `{"code":"00000000"}`).refused(http.StatusGone, "request_refused", "")
	a.call(http.MethodPost, "/account-proof", `{"code":"`+code+`"}`).refused(http.StatusGone, "request_refused", "")
	if a.state() != "refused" {
		t.Error("the request goes on")
	}
}
