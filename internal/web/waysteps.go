package web

import (
	"net/http"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
)

var errSignInLong = fault.New(fault.Upstream, "instance_answer_invalid",
	"The instance's address for signing in is longer than is taken here. Begin a new request, and prove the account by a link in its profile.")

// back leads to the page of the request, which tells the notice once.
func (s *Web) back(w http.ResponseWriter, r *http.Request, a agent, n *notice) error {
	a.Notice = n
	if err := s.leaveAgent(w, a); err != nil {
		return err
	}
	return s.redirect(w, r, "/request/"+a.ID)
}

// proveAccount tries the account proof again, or takes the code that the end of
// a sign-in showed in another browser.
func (s *Web) proveAccount(w http.ResponseWriter, r *http.Request, a agent) error {
	form, err := readForm(w, r, maxForm)
	if err != nil {
		return err
	}
	if form.Has("code") {
		if _, err := s.way.ConfirmAccount(r.Context(), a.ID, a.Token, form.Get("code")); err != nil {
			return s.notTaken(w, r, a, form.Get("code"), err)
		}
		return s.back(w, r, a, nil)
	}
	begun, err := s.way.AdvanceAccount(r.Context(), a.ID, a.Token, front.ClientKey(r))
	switch {
	case err != nil:
		return s.notTaken(w, r, a, "", err)
	case begun.Link != nil && !begun.Link.Found:
		return s.back(w, r, a, &notice{Sighting: begun.Link})
	case begun.Browser == "":
		return s.back(w, r, a, nil)
	}
	if a = a.signingIn(begun); a.SignIn == "" {
		return s.notTaken(w, r, a, "", errSignInLong)
	}
	setCookie(w, attest.BrowserCookie, begun.Browser, begun.ExpiresAt.Sub(s.now()))
	return s.back(w, r, a, nil)
}

// proveMailbox takes the code of the mail.
func (s *Web) proveMailbox(w http.ResponseWriter, r *http.Request, a agent) error {
	form, err := readForm(w, r, maxForm)
	if err != nil {
		return err
	}
	if _, err := s.way.ProveMailbox(r.Context(), a.ID, a.Token, form.Get("code")); err != nil {
		return s.notTaken(w, r, a, form.Get("code"), err)
	}
	return s.back(w, r, a, nil)
}

// renewCode sends another mail.
func (s *Web) renewCode(w http.ResponseWriter, r *http.Request, a agent) error {
	if _, err := s.way.RenewCode(r.Context(), a.ID, a.Token, front.ClientKey(r)); err != nil {
		return s.notTaken(w, r, a, "", err)
	}
	return s.back(w, r, a, &notice{CodeSent: true})
}

// issue issues the attestation.
func (s *Web) issue(w http.ResponseWriter, r *http.Request, a agent) error {
	if _, err := s.way.Issue(r.Context(), a.ID, a.Token); err != nil {
		return s.notTaken(w, r, a, "", err)
	}
	return s.back(w, r, a, nil)
}

// checkProfile looks whether the profile shows the badge now.
func (s *Web) checkProfile(w http.ResponseWriter, r *http.Request, a agent) error {
	seen, err := s.way.LookAtProfile(r.Context(), a.ID, a.Token)
	if err != nil {
		return s.notTaken(w, r, a, "", err)
	}
	a.SignIn = "" // the sign-in is over, and a cookie holds little
	return s.back(w, r, a, &notice{Sighting: &seen})
}

// withdraw ends the request.
func (s *Web) withdraw(w http.ResponseWriter, r *http.Request, a agent) error {
	if err := s.way.Withdraw(r.Context(), a.ID, a.Token); err != nil {
		return s.notTaken(w, r, a, "", err)
	}
	return s.back(w, r, a, nil)
}

// notTaken shows the page of the request with what went wrong. Where the request
// stands elsewhere than the page thought, looking at it says more than the refusal.
func (s *Web) notTaken(w http.ResponseWriter, r *http.Request, a agent, typed string, err error) error {
	m, err := s.mistakeOf(r, err)
	if err != nil {
		return err
	}
	if m.Field != "code" && m.Field != "sure" {
		m.Field = ""
	}
	view, err := s.way.Look(r.Context(), a.ID, a.Token)
	if refused(err) {
		return s.elsewhere(w, r)
	}
	if err != nil {
		return err
	}
	page, err := s.wayPage(r.Context(), a, view)
	if err != nil {
		return err
	}
	if view.State == attest.AwaitingMailboxProof && page.Minutes() == 0 {
		m.Field = "" // the page has no field for a code that has ended
	}
	page.Typed, page.Mistake = typed, m.about(view.Handle.String())
	if !page.awaits(last(r.URL.Path)) {
		return s.redirect(w, r, page.Path)
	}
	return s.showForm(w, r, m.announce(w.Header()), page.template(), page)
}

// awaits says whether the request stands where a step belongs.
func (p wayPage) awaits(step string) bool {
	switch step {
	case "account-proof":
		return p.State == attest.AwaitingAccountProof
	case "mailbox-proof", "mailbox-code":
		return p.State == attest.AwaitingMailboxProof
	case "attestation":
		return p.State == attest.Proven
	case "badge-withdrawal", "badge-erasure":
		return p.State == attest.Proven && p.Access()
	case "profile-check":
		return p.State == attest.Issued && p.open()
	}
	return false
}

// download gives the attestation with its disclosure, to keep.
func (s *Web) download(w http.ResponseWriter, r *http.Request, a agent) error {
	view, err := s.way.Look(r.Context(), a.ID, a.Token)
	if refused(err) {
		return s.elsewhere(w, r)
	}
	if err != nil {
		return err
	}
	if view.State != attest.Issued || !s.now().Before(view.ExpiresAt) {
		return s.redirect(w, r, "/request/"+a.ID)
	}
	issued, err := s.way.Issue(r.Context(), a.ID, a.Token)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="cocarde-`+issued.BadgeID+`.txt"`)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(issued.WithDisclosure + "\n")) // a reader who has gone away is no concern of ours
	return nil
}
