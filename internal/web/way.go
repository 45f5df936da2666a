package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/locale"
)

// Way is the way of a request that has begun. Errors that may be shown are faults.
type Way interface {
	Look(ctx context.Context, id, token string) (attest.View, error)
	Withdraw(ctx context.Context, id, token string) error
	// SetLang has the mails to come written in another language.
	SetLang(ctx context.Context, id, token, lang string) error
	// AdvanceAccount begins the sign-in anew, or looks at the profile for the link.
	AdvanceAccount(ctx context.Context, id, token, client string) (attest.Begun, error)
	// ConfirmAccount completes the account proof with the callback page's code.
	ConfirmAccount(ctx context.Context, id, token, code string) (attest.View, error)
	// RenewCode sends another mailbox code.
	RenewCode(ctx context.Context, id, token, client string) (attest.View, error)
	ProveMailbox(ctx context.Context, id, token, code string) (attest.View, error)
	// Issue gives the same answer each time, until the request ends.
	Issue(ctx context.Context, id, token string) (attest.IssuedAnswer, error)
	// WithdrawBadge, EraseBadge and Kept take the token of a request about the badge
	// whose proofs stand.
	WithdrawBadge(ctx context.Context, badgeID, token string) error
	EraseBadge(ctx context.Context, badgeID, token string) error
	Kept(ctx context.Context, badgeID, token string) (attest.Kept, error)
	// LookAtProfile says whether the profile shows the link of the badge that was issued.
	LookAtProfile(ctx context.Context, id, token string) (attest.Sighting, error)
}

// agentCookie opens a request to the browser that began it, until the request ends.
const agentCookie = "__Host-cocarde-agent"

// agent is what this browser keeps of its request.
type agent struct {
	ID, Token string
	Until     time.Time
	// SignIn is where to sign in, until SignInEnds; empty if no sign-in is under way.
	SignIn     string    `json:",omitempty"`
	SignInEnds time.Time `json:",omitzero"`
	Notice     *notice   `json:",omitempty"`
}

// notice is what the next look at the request tells, once.
type notice struct {
	Refusal  *fault.Error     `json:",omitempty"`
	CodeSent bool             `json:",omitempty"`
	Sighting *attest.Sighting `json:",omitempty"`
}

// signingIn is the agent with the sign-in that has begun. A URL that is too long
// to be kept is left out.
func (a agent) signingIn(b attest.Begun) agent {
	a.SignIn, a.SignInEnds = "", time.Time{}
	if len(b.AuthorizeURL) <= maxLeftURL {
		a.SignIn, a.SignInEnds = b.AuthorizeURL, b.SignInEnds
	}
	return a
}

// signsIn says whether a state parameter is that of the sign-in under way.
func (a agent) signsIn(state string) bool {
	u, err := url.Parse(a.SignIn)
	return err == nil && state != "" && u.Query().Get("state") == state
}

func (s *Web) agentOf(r *http.Request) (a agent, ok bool) {
	ok = s.left(r, agentCookie, &a)
	return a, ok
}

func (s *Web) leaveAgent(w http.ResponseWriter, a agent) error {
	return s.leave(w, agentCookie, a, a.Until.Sub(s.now()))
}

// wayPage is what the page of a request shows.
type wayPage struct {
	attest.View
	Badge   attest.BadgeView // only where it was issued, and the request is still open
	Path    string           // of the request
	Host    string           // of the issuer, as its mails name it
	SignIn  string           // URL; empty if a new sign-in has to be prepared
	Notice  *notice
	Mistake *mistake
	Typed   string // a code that was refused
	now     time.Time
}

// Minutes is for how long the code holds; 0 if it has ended.
func (p wayPage) Minutes() int {
	if p.Code == nil {
		return 0
	}
	return max(0, int((p.Code.ExpiresAt.Sub(p.now)+time.Minute-1)/time.Minute))
}

// BadgeID names the badge, for its pictures.
func (p wayPage) BadgeID() string { return last(p.BadgeURL) }

// Explain gives what a problem code means; empty for one that nobody has explained.
func (p page) Explain(code string) string {
	_, text, _ := locale.Problem(p.Lang, code)
	return text
}

// template is that of the state; states that have none here have ended.
func (p wayPage) template() string {
	switch p.State {
	case attest.AwaitingAccountProof:
		if p.Method == attest.ByLink {
			return "request-link"
		}
		return "request-signin"
	case attest.AwaitingMailboxProof:
		return "request-code"
	case attest.Proven:
		if p.Purpose == attest.ForAccess {
			return "request-access"
		}
		return "request-proven"
	case attest.Issued:
		switch {
		case !p.open():
		case p.Badge.State == attest.BadgeValid:
			return "request-issued"
		default:
			return "request-not-in-force"
		}
	}
	return "request-ended"
}

// open says whether the time of the request is not over.
func (p wayPage) open() bool { return p.now.Before(p.ExpiresAt) }

// ToPlace is what the profile must show: for the account proof, or for readers.
func (p wayPage) ToPlace() string { return cmp.Or(p.LinkURL, p.BadgeURL) }

// Renewal and Access say what the request is for.
func (p wayPage) Renewal() bool { return p.Purpose == attest.ForRenewal }
func (p wayPage) Access() bool  { return p.Purpose == attest.ForAccess }

// SeenBefore says whether the link was in the profile at the account proof, and
// nobody has looked since.
func (p wayPage) SeenBefore() bool {
	return p.Method == attest.ByLink && (p.Notice == nil || p.Notice.Sighting == nil)
}

// Ended is the code of why the request has ended: of one that led to a badge, its
// time is over.
func (p wayPage) Ended() string {
	if p.State == attest.Issued {
		return "request_expired"
	}
	return "request_" + string(p.State)
}

// step is a call on a request, by the browser that began it.
func (s *Web) step(f func(w http.ResponseWriter, r *http.Request, a agent) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, ok := s.agentOf(r)
		if !ok || a.ID != r.PathValue("id") {
			return s.elsewhere(w, r)
		}
		return f(w, r, a)
	}
}

// elsewhere is for a browser that holds no such request.
func (s *Web) elsewhere(w http.ResponseWriter, r *http.Request) error {
	return s.pages.show(w, r, http.StatusForbidden, "request-elsewhere", nil)
}

// toRequest leads from the address of a form to the page that has the form.
func (s *Web) toRequest(w http.ResponseWriter, r *http.Request) error {
	return s.redirect(w, r, "/request/"+url.PathEscape(r.PathValue("id")))
}

// where shows where the request stands, in its own language; choosing another
// there changes it for the mails too.
func (s *Web) where(w http.ResponseWriter, r *http.Request, a agent) error {
	view, err := s.way.Look(r.Context(), a.ID, a.Token)
	if refused(err) {
		return s.elsewhere(w, r)
	}
	if err != nil {
		return err
	}
	switch kept := keptLanguage(r); {
	case kept == "" && locale.Known(view.Lang) && view.Lang != s.pages.languageOf(r):
		// Nobody who comes back from an instance brings the language that was chosen.
		return s.redirect(w, r, r.URL.Path+"?lang="+view.Lang)
	case kept != "" && kept != view.Lang:
		if err := s.way.SetLang(r.Context(), a.ID, a.Token, kept); err != nil {
			return err
		}
	}
	page, err := s.wayPage(r.Context(), a, view)
	if err != nil {
		return err
	}
	page.Notice = a.Notice
	if a.Notice != nil {
		if a.Notice.Refusal != nil {
			if page.Mistake, err = s.mistakeOf(r, a.Notice.Refusal); err != nil {
				return err
			}
			page.Mistake.about(view.Handle.String())
		}
		a.Notice = nil
		if err := s.leaveAgent(w, a); err != nil {
			return err
		}
	}
	return s.showForm(w, r, http.StatusOK, page.template(), page)
}

func (s *Web) wayPage(ctx context.Context, a agent, view attest.View) (page wayPage, err error) {
	page = wayPage{View: view, Path: "/request/" + a.ID, Host: hostOf(s.issuer), now: s.now()}
	if page.now.Before(a.SignInEnds) {
		page.SignIn = a.SignIn
	}
	if view.State == attest.Issued && page.open() || view.State == attest.Proven && view.Purpose == attest.ForAccess {
		page.Badge, err = s.badges.current(ctx, page.BadgeID())
	}
	return page, err
}
