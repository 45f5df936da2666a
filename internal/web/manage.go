package web

import (
	"net/http"
	"net/url"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
)

// erasedPath is where the erasure of a badge ends.
const erasedPath = "/request/erased"

// managePage is what the page shows from which an agent renews a badge, or comes to
// what is kept about it.
type managePage struct {
	Badge   attest.BadgeView
	Former  *attest.View // the request that would be given up
	Mistake *mistake
}

// Path is the page's own.
func (p managePage) Path() string { return "/b/" + p.Badge.ID + "/manage" }

// Renewable says whether the badge may be renewed.
func (p managePage) Renewable() bool {
	return p.Badge.State == attest.BadgeValid || p.Badge.State == attest.BadgeEnded
}

// Handle is the account's.
func (p managePage) Handle() string { return p.Badge.Published.Badge.Actor.Handle.String() }

// Host is the account's instance.
func (p managePage) Host() string { return p.Badge.Published.Badge.Actor.Host.String() }

// manage asks the agent of a badge what is to be done with it.
func (s *Web) manage(w http.ResponseWriter, r *http.Request) error {
	return s.showManage(w, r, nil)
}

func (s *Web) showManage(w http.ResponseWriter, r *http.Request, m *mistake) error {
	badge, err := s.badges.current(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if badge.Published == nil { // not issued yet
		return errNotFound
	}
	page := managePage{Badge: badge, Mistake: m}
	if page.Former, err = s.former(r); err != nil {
		return err
	}
	return s.showForm(w, r, m.announce(w.Header()), "manage", page)
}

// beginManaging begins the request that the form asks for: to renew the badge, or for
// access to it. A browser holds one request: the former is given up only by a form
// that named it.
func (s *Web) beginManaging(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r, maxForm)
	if err != nil {
		return err
	}
	former, err := s.former(r)
	if err != nil {
		return err
	}
	if former != nil && form.Get("instead") != former.ID {
		return s.redirect(w, r, "/b/"+r.PathValue("id")+"/manage")
	}
	begun, err := s.beginAbout(r, form)
	if err != nil {
		m, err := s.mistakeOf(r, err)
		if err != nil {
			return err
		}
		if m.Field != "renewal" && m.Field != "access" {
			m.Field = ""
		}
		return s.showManage(w, r, m)
	}
	return s.goOn(w, r, begun)
}

func (s *Web) beginAbout(r *http.Request, form url.Values) (attest.Begun, error) {
	id, lang, client := r.PathValue("id"), s.pages.languageOf(r), front.ClientKey(r)
	switch form.Get("what") {
	case "renewal":
		if form.Get("renewal") == "" {
			return attest.Begun{}, errAnswerMissing.At("/renewal")
		}
		return s.beginnings.BeginRenewal(r.Context(), attest.Renewing{BadgeID: id, Method: form.Get("renewal"), Lang: lang, Client: client})
	case "access":
		method := form.Get("access")
		if method == "" {
			return attest.Begun{}, errAnswerMissing.At("/access")
		}
		return s.beginnings.BeginAccess(r.Context(), attest.Accessing{
			BadgeID: id, Method: method, ByMailbox: method == string(attest.ByCode), Lang: lang, Client: client,
		})
	}
	return attest.Begun{}, errAnswerMissing
}

// goOn leaves a request that has begun with the browser, and leads to its page.
func (s *Web) goOn(w http.ResponseWriter, r *http.Request, begun attest.Begun) error {
	if err := s.leaveAgent(w, agent{ID: begun.ID, Token: begun.Token, Until: begun.ExpiresAt}.signingIn(begun)); err != nil {
		return err
	}
	if begun.Browser != "" {
		setCookie(w, attest.BrowserCookie, begun.Browser, begun.ExpiresAt.Sub(s.now()))
	}
	return s.redirect(w, r, "/request/"+begun.ID)
}

// erased says that nothing is left.
func (s *Web) erased(w http.ResponseWriter, r *http.Request) error {
	return s.pages.show(w, r, http.StatusOK, "erased", nil)
}

var errUnsure = fault.New(fault.Invalid, "erasure_unsure",
	"Tick the box to say that you are sure. Erasing cannot be undone.").At("/sure")
