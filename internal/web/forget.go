package web

import (
	"net/http"
	"slices"

	"cocarde.example/attest"
)

const forgetPath = "/request/forget"

// keptCookies are all that the way to a badge leaves with a browser.
var keptCookies = []string{answersCookie, agentCookie, signedInCookie, attest.BrowserCookie}

// askToForget asks before a browser that others use loses what it keeps, and tells
// when nothing is kept.
func (s *Web) askToForget(w http.ResponseWriter, r *http.Request) error {
	kept := slices.ContainsFunc(keptCookies, func(name string) bool { return len(r.CookiesNamed(name)) > 0 })
	return s.showForm(w, r, http.StatusOK, "forget", kept)
}

func (s *Web) forget(w http.ResponseWriter, r *http.Request) error {
	for _, name := range keptCookies {
		setCookie(w, name, "", 0)
	}
	return s.redirect(w, r, forgetPath)
}
