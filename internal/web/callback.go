package web

import (
	"net/http"
	"net/url"

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
	if done.Code == "" {
		return s.pages.show(w, r, http.StatusOK, "signedin", done)
	}
	return s.pages.show(w, r, http.StatusOK, "carrycode", done)
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
