package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
)

// Beginnings is what is asked before a request exists. Errors that may be shown
// are faults, which name the field.
type Beginnings interface {
	// FindAccount gives the account that a handle leads to. Nothing is kept.
	FindAccount(ctx context.Context, handle, client string) (attest.Actor, error)
	// FindAgency gives what an attestation of a mailbox would say. Nothing is kept.
	FindAgency(email string) (attest.Agency, error)
	// Begin takes the request.
	Begin(ctx context.Context, b attest.Beginning) (attest.Begun, error)
	// BeginRenewal and BeginAccess take requests about a badge that is there.
	BeginRenewal(ctx context.Context, b attest.Renewing) (attest.Begun, error)
	BeginAccess(ctx context.Context, a attest.Accessing) (attest.Begun, error)
}

// answersCookie keeps the answers between the questions, sealed, so that the
// server keeps nothing and no address stands in a URL.
const (
	answersCookie = "__Host-cocarde-answers"
	answersLife   = time.Hour
)

// answers are what was answered so far; an empty string was not asked yet.
type answers struct {
	Handle  string // canonical
	Profile string // URL
	Host    string // of the instance
	Email   string
	Agency  attest.Agency
	Proof   string // an attest.Method
	Listed  string // "yes" or "no"
}

// question is one page of questions.
type question struct {
	name  string // of the page, and of its template after "request-"
	field string
	given func(a *answers) string
	take  func(r *http.Request, s *Web, typed string, a *answers) error
}

var questions = []question{
	{"account", "handle", func(a *answers) string { return a.Handle }, takeAccount},
	{"mailbox", "email", func(a *answers) string { return a.Email }, takeMailbox},
	{"proof", "proof", func(a *answers) string { return a.Proof }, takeProof},
	{"listing", "listed", func(a *answers) string { return a.Listed }, takeListing},
}

// next is the first question without an answer; after the last, the summary.
func (a *answers) next() string {
	for _, q := range questions {
		if q.given(a) == "" {
			return q.name
		}
	}
	return "summary"
}

var (
	errAnswersLost = fault.New(fault.Gone, "answers_lost",
		"Your answers are not here any more: they are kept for an hour, in a cookie of this browser. Allow cookies for this site, and begin again.")
	errAnswerMissing = fault.New(fault.Invalid, "answer_missing",
		"Choose one of the answers.")
)

func takeAccount(r *http.Request, s *Web, typed string, a *answers) error {
	actor, err := s.beginnings.FindAccount(r.Context(), typed, front.ClientKey(r))
	if err != nil {
		return err
	}
	a.Handle, a.Profile, a.Host = actor.Handle.String(), actor.URL, actor.Host.String()
	if len(a.Profile) > maxLeftURL {
		a.Profile = ""
	}
	return nil
}

func takeMailbox(_ *http.Request, s *Web, typed string, a *answers) error {
	agency, err := s.beginnings.FindAgency(typed)
	if err != nil {
		return err
	}
	a.Email, a.Agency = typed, agency
	return nil
}

func takeProof(_ *http.Request, _ *Web, typed string, a *answers) error {
	if m := attest.Method(typed); m != attest.ByOAuth && m != attest.ByLink {
		return errAnswerMissing.At("/proof")
	}
	a.Proof = typed
	return nil
}

func takeListing(_ *http.Request, _ *Web, typed string, a *answers) error {
	if typed != "yes" && typed != "no" {
		return errAnswerMissing.At("/listed")
	}
	a.Listed = typed
	return nil
}

// beginPage is what a page of questions shows.
type beginPage struct {
	answers
	Typed     string // in the page's field
	Number    int    // of the question; from 1
	Questions int
	Next      string // path
	Issuer    string
	Former    *attest.View // the request that would be given up; only at the summary
	Mistake   *mistake
}

const beginPath = "/request/new/"

func (s *Web) showQuestion(w http.ResponseWriter, r *http.Request, name, typed string, a answers, m *mistake) error {
	page := beginPage{
		answers: a, Typed: typed, Questions: len(questions), Next: beginPath + a.next(), Issuer: s.issuer, Mistake: m,
		Number: 1 + slices.IndexFunc(questions, func(q question) bool { return q.name == name }),
	}
	if name == "summary" {
		var err error
		if page.Former, err = s.former(r); err != nil {
			return err
		}
	}
	return s.showForm(w, r, m.announce(w.Header()), "request-"+name, page)
}

// askFirst leads to the first question.
func (s *Web) askFirst(w http.ResponseWriter, r *http.Request) error {
	return s.redirect(w, r, beginPath+questions[0].name)
}

// ask shows a question, the account found, or the summary, once what comes before
// is answered.
func (s *Web) ask(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("question")
	var a answers
	kept := s.left(r, answersCookie, &a)
	i := slices.IndexFunc(questions, func(q question) bool { return q.name == name })
	switch {
	case i == 0:
		return s.showQuestion(w, r, name, a.Handle, a, nil)
	case i < 0 && name != "found" && name != "summary":
		return errNotFound
	case !kept:
		return s.answersLost(w, r)
	case name == "summary" && a.next() != "summary", i > 0 && questions[i-1].given(&a) == "":
		return s.redirect(w, r, beginPath+a.next())
	case i < 0:
		return s.showQuestion(w, r, name, "", a, nil)
	}
	return s.showQuestion(w, r, name, questions[i].given(&a), a, nil)
}

// answersLost shows the first question, and why it is asked again.
func (s *Web) answersLost(w http.ResponseWriter, r *http.Request) error {
	m, err := s.mistakeOf(r, errAnswersLost)
	if err != nil {
		return err
	}
	m.status = http.StatusGone
	return s.showQuestion(w, r, questions[0].name, "", answers{}, m)
}

// answer takes an answer and leads to the next question.
func (s *Web) answer(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r, maxForm)
	if err != nil {
		return err
	}
	var a answers
	kept := s.left(r, answersCookie, &a)
	name := r.PathValue("question")
	i := slices.IndexFunc(questions, func(q question) bool { return q.name == name })
	switch {
	case i < 0 && name != "summary":
		return errNotFound
	case i != 0 && !kept:
		return s.answersLost(w, r)
	case i < 0:
		return s.begin(w, r, form.Get("instead"), a)
	}
	return s.takeAnswer(w, r, questions[i], form, a)
}

func (s *Web) takeAnswer(w http.ResponseWriter, r *http.Request, q question, form url.Values, a answers) error {
	typed := form.Get(q.field)
	if err := q.take(r, s, typed, &a); err != nil {
		m, err := s.mistakeOf(r, err)
		if err != nil {
			return err
		}
		return s.showQuestion(w, r, q.name, typed, a, m.about(typed))
	}
	if err := s.leave(w, answersCookie, a, answersLife); err != nil {
		return err
	}
	if q.name == "account" {
		return s.redirect(w, r, beginPath+"found")
	}
	return s.redirect(w, r, beginPath+a.next())
}
