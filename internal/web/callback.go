package web

import (
	"net/http"
	"net/url"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

// callbackPath is where instances send browsers back to.
const callbackPath = "/oauth/callback/"

// maxParam bounds each parameter of a callback, in bytes.
const maxParam = 2048

var errCallback = fault.New(fault.Invalid, "callback_malformed",
	"Your instance sent you back with an answer that cannot be read. Begin the sign-in again from your request.")

// callback ends a sign-in. The page never offers to complete anything: in the
// asking browser it is complete, in any other it shows a code to carry over. A
// request that was begun on our pages goes on there, whatever came of it.
func (s *Web) callback(w http.ResponseWriter, r *http.Request) error {
	c, err := callbackOf(r)
	if err != nil {
		return err
	}
	var former signedIn
	if s.left(r, signedInCookie, &former) && former.State == c.State && s.now().Before(former.Until) {
		return s.showSignedIn(w, r, former)
	}
	done, err := s.requests.FinishSignIn(r.Context(), c)
	a, _ := s.agentOf(r)
	ours := a.signsIn(c.State)
	a.SignIn = "" // it completes at most once
	if f, shown := fault.Of(err); ours && shown && f.Kind != fault.Internal {
		return s.back(w, r, a, &notice{Refusal: f})
	}
	if err != nil {
		return err
	}
	if ours && done.Code == "" {
		return s.back(w, r, a, nil)
	}
	page := signedIn{
		State: c.State, Until: s.now().Add(signedInLife), Handle: done.View.Handle.String(),
		Domain: done.View.Agency.Domain, Issuer: done.Issuer, Code: done.Code,
	}
	if err := s.leave(w, signedInCookie, page, signedInLife); err != nil {
		return err
	}
	return s.showSignedIn(w, r, page)
}

// signedInCookie keeps the page that a sign-in ended on, for as long as its code
// holds: the callback works once, but its page may be loaded again.
const (
	signedInCookie = "__Host-cocarde-signed-in"
	signedInLife   = 10 * time.Minute
)

// signedIn is what the end of a sign-in shows.
type signedIn struct {
	State                  string // of the callback
	Until                  time.Time
	Handle, Domain, Issuer string
	Code                   string // empty in the browser that asked
}

func (s *Web) showSignedIn(w http.ResponseWriter, r *http.Request, page signedIn) error {
	if page.Code == "" {
		return s.pages.show(w, r, http.StatusOK, "signedin", page)
	}
	return s.pages.show(w, r, http.StatusOK, "carrycode", page)
}

func callbackOf(r *http.Request) (attest.Callback, error) {
	query := r.URL.Query()
	c := attest.Callback{Instance: r.PathValue("instance")}
	for name, into := range map[string]*string{"state": &c.State, "code": &c.Code, "error": &c.Error} {
		value, err := single(query, name)
		if err != nil {
			return c, err
		}
		*into = value
	}
	if c.State == "" {
		return c, errCallback
	}
	if cookies := r.CookiesNamed(attest.BrowserCookie); len(cookies) == 1 {
		c.Browser = cookies[0].Value
	}
	return c, nil
}

// single reads a parameter that may stand once (RFC 6749 §3.1).
func single(query url.Values, name string) (string, error) {
	values := query[name]
	if len(values) > 1 || len(values) == 1 && len(values[0]) > maxParam {
		return "", errCallback
	}
	return query.Get(name), nil
}
