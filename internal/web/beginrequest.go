package web

import (
	"errors"
	"net/http"
	"strings"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
)

// startPage is what the page before the questions shows.
type startPage struct {
	Former *attest.View // the request that this browser holds, if any
}

// start says what a badge is and what will be public, before anything is asked;
// whoever holds a request in this browser gets back to it from here.
func (s *Web) start(w http.ResponseWriter, r *http.Request) error {
	former, err := s.former(r)
	if err != nil {
		return err
	}
	name := "request"
	if s.pages.look.Closing() {
		name = "closing"
	}
	return s.pages.show(w, r, http.StatusOK, name, startPage{former})
}

// unlessClosing leads to where it is said that there is nothing to ask for, if there is not.
func (s *Web) unlessClosing(f func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	if !s.pages.look.Closing() {
		return f
	}
	return func(w http.ResponseWriter, r *http.Request) error { return s.redirect(w, r, "/request") }
}

// former is the request that this browser holds, nil for one of which nothing is
// left: it came to nothing, its time is over, or its badge is gone for good.
func (s *Web) former(r *http.Request) (*attest.View, error) {
	a, held := s.agentOf(r)
	if !held {
		return nil, nil
	}
	view, err := s.way.Look(r.Context(), a.ID, a.Token)
	if refused(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if ended(view.State) || !s.now().Before(view.ExpiresAt) {
		return nil, nil
	}
	if view.State == attest.Issued {
		b, err := s.badges.current(r.Context(), last(view.BadgeURL))
		if err != nil || b.State == attest.BadgeRevoked || b.State == attest.BadgeEnded {
			return nil, err
		}
	}
	return &view, nil
}

// begin begins the request that the answers ask for. A browser holds one: the
// former is given up only by a form that named it.
func (s *Web) begin(w http.ResponseWriter, r *http.Request, instead string, a answers) error {
	if a.next() != "summary" {
		return s.redirect(w, r, beginPath+a.next())
	}
	former, err := s.former(r)
	if err != nil {
		return err
	}
	if former != nil && instead != former.ID {
		return s.redirect(w, r, beginPath+"summary")
	}
	begun, err := s.beginnings.Begin(r.Context(), attest.Beginning{
		Handle: a.Handle, Email: a.Email, Method: a.Proof, Lang: s.pages.languageOf(r),
		Listed: a.Listed == "yes", Client: front.ClientKey(r),
	})
	if err != nil {
		return s.notBegun(w, r, a, err)
	}
	setCookie(w, answersCookie, "", 0)
	return s.goOn(w, r, begun)
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
