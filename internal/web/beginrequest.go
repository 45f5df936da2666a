package web

import (
	"errors"
	"net/http"
	"strings"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
)

// start says what a badge is and what will be public, before anything is asked;
// whoever has a request under way in this browser gets back to it from here.
func (s *Web) start(w http.ResponseWriter, r *http.Request) error {
	a, open := s.agentOf(r)
	if open {
		view, err := s.way.Look(r.Context(), a.ID, a.Token)
		if err != nil && !refused(err) {
			return err
		}
		if err == nil && !ended(view.State) && s.now().Before(view.ExpiresAt) {
			return s.pages.show(w, r, http.StatusOK, "request", &view)
		}
	}
	return s.pages.show(w, r, http.StatusOK, "request", (*attest.View)(nil))
}

// begin begins the request that the answers ask for.
func (s *Web) begin(w http.ResponseWriter, r *http.Request, a answers) error {
	if a.next() != "summary" {
		return s.redirect(w, r, beginPath+a.next())
	}
	begun, err := s.beginnings.Begin(r.Context(), attest.Beginning{
		Handle: a.Handle, Email: a.Email, Method: a.Proof, Lang: s.pages.languageOf(r),
		Listed: a.Listed == "yes", Client: front.ClientKey(r),
	})
	if err != nil {
		return s.notBegun(w, r, a, err)
	}
	now := s.now()
	if err := s.leaveAgent(w, agent{ID: begun.ID, Token: begun.Token, Until: begun.ExpiresAt}.signingIn(begun)); err != nil {
		return err
	}
	if begun.Browser != "" {
		setCookie(w, attest.BrowserCookie, begun.Browser, begun.ExpiresAt.Sub(now))
	}
	setCookie(w, answersCookie, "", 0)
	return s.redirect(w, r, "/request/"+begun.ID)
}

// notBegun shows a refusal at the question that it is about.
func (s *Web) notBegun(w http.ResponseWriter, r *http.Request, a answers, err error) error {
	f, _ := fault.Of(err)
	m, err := s.mistakeOf(r, err)
	if err != nil {
		return err
	}
	if strings.HasPrefix(f.Code, "sign_in_") { // another way to prove the account may be open
		m.Field = "proof"
	}
	for _, q := range questions {
		if m.Field == q.field {
			return s.showQuestion(w, r, q.name, q.given(&a), a, m.about(a.Handle))
		}
	}
	m.Field = ""
	return s.showQuestion(w, r, "summary", "", a, m)
}

// ended says whether a request has come to nothing.
func ended(s attest.State) bool {
	return s == attest.Expired || s == attest.Withdrawn || s == attest.Refused
}

// refused says whether the domain knows no such request, or has ended it.
func refused(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && (f.Kind == fault.Unauthorized || f.Kind == fault.Gone)
}
