package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

// Issued finds what was issued, whatever its status. What is not there is a
// fault of kind NotFound.
type Issued interface {
	Published(ctx context.Context, id string) (attest.Published, error)
	// PublishedByHandle finds only what its agent chose to list.
	PublishedByHandle(ctx context.Context, handle string) (attest.Published, error)
}

// Verifier checks a token. It never fails: what goes wrong stands in the report.
type Verifier interface {
	Verify(ctx context.Context, token string, account verify.Account) verify.Report
}

// checkPage is what the page of checks shows.
type checkPage struct {
	Typed   string // handle, token or link
	Account string // beside which it was seen
	Issuer  string
	Mistake *mistake
	Report  *reportView
	Share   string // path that gives this report again; empty for a token
}

// small repeats of what was typed no more than a person has typed or was handed out
// here: pages stay small, and in what is longer there is nothing to mend.
func (p checkPage) small() checkPage {
	if len(p.Typed) > longestSnippet {
		p.Typed = ""
	}
	if len(p.Account) > longestHandle {
		p.Account = ""
	}
	return p
}

// check shows the form, and the report on the handle or the badge that the URL names.
func (s *Web) check(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	page := checkPage{Account: query.Get("account"), Issuer: s.issuer}.small()
	var what subject
	switch handle, id := query.Get("handle"), query.Get("id"); {
	case handle != "":
		page.Typed, what.handle = handle, handle
	case id != "":
		page.Typed, what.id = id, id
	default:
		return s.showForm(w, r, http.StatusOK, "verify", page)
	}
	token, account, err := s.find(r.Context(), what, query.Get("account"))
	if err != nil {
		return s.notChecked(w, r, page.small(), err)
	}
	page.Report = newReportView(s.verifier.Verify(r.Context(), token, account), token, account)
	page.Share = what.path(page.Account)
	return s.showForm(w, r, http.StatusOK, "verify", page)
}

// checkTyped checks a token at once; it must never stand in a URL. Handles and
// badges lead to the URL of their report.
func (s *Web) checkTyped(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r, maxCheck)
	if err != nil {
		return err
	}
	typed, beside := strings.TrimSpace(form.Get("what")), strings.TrimSpace(form.Get("account"))
	page := checkPage{Typed: typed, Account: beside, Issuer: s.issuer}.small()
	what, err := s.subjectOf(typed)
	if err != nil {
		return s.notChecked(w, r, page, err)
	}
	account, err := accountOf(beside)
	if err != nil {
		return s.notChecked(w, r, page, err)
	}
	if what.token == "" {
		return s.redirect(w, r, what.path(beside))
	}
	page.Report = newReportView(s.verifier.Verify(r.Context(), what.token, account), what.token, account)
	return s.showForm(w, r, http.StatusOK, "verify", page)
}

// find gives the latest token of a handle or a badge, and the account to compare.
func (s *Web) find(ctx context.Context, what subject, beside string) (string, verify.Account, error) {
	account, err := accountOf(beside)
	if err != nil {
		return "", account, err
	}
	if what.id != "" {
		p, err := s.issued.Published(ctx, what.id)
		return p.Attestation.Token, account, under("/what", err)
	}
	h, err := acct.ParseHandle(what.handle)
	if err != nil {
		return "", account, under("/what", err)
	}
	if beside == "" {
		account = verify.ForHandle(h.String())
	}
	p, err := s.issued.PublishedByHandle(ctx, h.String())
	return p.Attestation.Token, account, under("/what", err)
}

func accountOf(handle string) (verify.Account, error) {
	if handle == "" {
		return verify.AnyAccount(), nil
	}
	h, err := acct.ParseHandle(handle)
	if err != nil {
		return verify.Account{}, under("/account", err)
	}
	return verify.ForHandle(h.String()), nil
}

// under points a refusal at the field of the page that it is about. What we cannot
// do now is about none.
func under(field string, err error) error {
	if f, ok := fault.Of(err); ok && f.Kind != fault.Unavailable {
		return f.At(field)
	}
	return err
}

func (s *Web) notChecked(w http.ResponseWriter, r *http.Request, page checkPage, err error) error {
	f, _ := fault.Of(err)
	m, err := s.mistakeOf(r, err)
	if err != nil {
		return err
	}
	if f.Kind == fault.NotFound {
		m.status = http.StatusNotFound
	}
	page.Mistake = m
	return s.showForm(w, r, m.announce(w.Header()), "verify", page)
}

// reportView is a report with what pages tell beside it.
type reportView struct {
	verify.Report
	Claimed string // issuer that a token of a stranger names; nobody vouches for it
	Compare bool   // no account was given to compare
	JSON    string
}

func newReportView(report verify.Report, token string, account verify.Account) *reportView {
	v := reportView{Report: report, Compare: account == verify.AnyAccount()}
	if report.Code == verify.IssuerUntrusted {
		if claims, err := verify.Peek(token); err == nil && len(claims.Issuer) <= maxClaimed {
			v.Claimed = claims.Issuer
		}
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("encode report: %v", err)) // strings, numbers and times always encode
	}
	v.JSON = string(text)
	return &v
}

// Tone is how the verdict is set off.
func (v reportView) Tone() string {
	switch v.Outcome {
	case verify.OutcomeValid:
		return "fine"
	case verify.OutcomeInvalid:
		return "failed"
	}
	return "warning"
}

// Check tells in plain words what a check found, or why it was not made.
func (p page) Check(c verify.Check) (string, error) {
	if c.Outcome == verify.Failed {
		return p.T("verdict." + string(c.Code))
	}
	id := "report." + c.Name
	if c.Outcome == verify.Skipped && c.Detail != "" { // not for a failure before
		id += ".skipped"
	}
	return p.T(id)
}

// path gives the page of a report. It holds a handle or an id, never a token.
func (s subject) path(account string) string {
	query := url.Values{}
	if s.id != "" {
		query.Set("id", s.id)
	} else {
		query.Set("handle", s.handle)
	}
	if account != "" {
		query.Set("account", account)
	}
	return "/verify?" + query.Encode()
}
