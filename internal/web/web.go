package web

import (
	"context"
	"net/http"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/fault"
)

// Requests is what the pages need of the domain. Errors that may be shown are faults.
type Requests interface {
	// FinishSignIn takes an instance's answer, at most once.
	FinishSignIn(ctx context.Context, c attest.Callback) (attest.SignedIn, error)
	// StopMail keeps code mails from the mailbox of a stop link.
	StopMail(ctx context.Context, stopToken string) error
}

// Agencies lists the domain rules, in an order that stays while they do.
type Agencies interface {
	Rules() []agency.Rule
}

// Config is what the pages are made of. All of it is required.
type Config struct {
	Issuer   string // origin
	Requests Requests
	Agencies Agencies
	Pages    *Pages
	// Refuse answers with an error, as a page or as problem details by what the
	// reader accepts.
	Refuse func(http.ResponseWriter, *http.Request, error)
	Now    func() time.Time
}

// Web serves the pages. It is safe for concurrent use.
type Web struct {
	issuer   string
	requests Requests
	agencies Agencies
	pages    *Pages
	refuse   func(http.ResponseWriter, *http.Request, error)
	now      func() time.Time
}

// New makes a Web.
func New(c Config) *Web {
	return &Web{
		issuer: c.Issuer, requests: c.Requests, agencies: c.Agencies, pages: c.Pages, refuse: c.Refuse, now: c.Now,
	}
}

var errNotFound = fault.New(fault.NotFound, "not_found", "There is nothing at this address.")

// guard makes a handler of a function that may fail before it answers.
func (s *Web) guard(f func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			s.refuse(w, r, err)
		}
	})
}
