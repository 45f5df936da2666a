package web

import (
	"context"
	"net/http"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

// Requests is what the pages need of the domain. Errors that may be shown are faults.
type Requests interface {
	// FinishSignIn takes an instance's answer, at most once.
	FinishSignIn(ctx context.Context, c attest.Callback) (attest.SignedIn, error)
	// StopMail keeps code mails from the mailbox of a stop link.
	StopMail(ctx context.Context, stopToken string) error
}

// Web serves the pages. It is safe for concurrent use.
type Web struct {
	requests Requests
	pages    *Pages
	refuse   func(http.ResponseWriter, *http.Request, error)
}

// New makes a Web. refuse answers with an error, as a page or as problem details
// by what the reader accepts.
func New(q Requests, p *Pages, refuse func(http.ResponseWriter, *http.Request, error)) *Web {
	return &Web{requests: q, pages: p, refuse: refuse}
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
