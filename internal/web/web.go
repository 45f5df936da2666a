package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/fault"
)

// Requests is what the pages need of the domain. Errors that may be shown are faults.
type Requests interface {
	// FinishSignIn takes an instance's answer, at most once.
	FinishSignIn(ctx context.Context, c attest.Callback) (attest.SignedIn, error)
	// StopMail keeps code mails and reminders from the mailbox of a stop link.
	StopMail(ctx context.Context, stopToken string) error
}

// Agencies lists the domain rules, in an order that stays while they do.
type Agencies interface {
	Rules() []agency.Rule
}

// Config is what the pages are made of. All of it is required.
type Config struct {
	Issuer     string // origin
	Requests   Requests
	Beginnings Beginnings
	Way        Way
	Badges     Badges
	Issued     Issued
	Verifier   Verifier
	Agencies   Agencies
	Sealer     Sealer
	Painter    Painter
	Pages      *Pages
	// Refuse answers with an error, as a page or as problem details by what the
	// reader accepts.
	Refuse func(http.ResponseWriter, *http.Request, error)
	Now    func() time.Time
}

// Web serves the pages. It is safe for concurrent use.
type Web struct {
	issuer     string
	requests   Requests
	beginnings Beginnings
	way        Way
	badges     *badgeCache
	issued     Issued
	verifier   Verifier
	agencies   Agencies
	sealer     Sealer
	painter    Painter
	pages      *Pages
	rosette    func() stored
	logo       func() stored
	refuse     func(http.ResponseWriter, *http.Request, error)
	now        func() time.Time
}

// New makes a Web.
func New(c Config) *Web {
	return &Web{
		issuer: c.Issuer, requests: c.Requests, badges: newBadgeCache(c.Badges, c.Now), agencies: c.Agencies,
		beginnings: c.Beginnings, way: c.Way, issued: c.Issued, verifier: c.Verifier, sealer: c.Sealer,
		painter: c.Painter, pages: c.Pages, refuse: c.Refuse, now: c.Now,
		rosette: sync.OnceValue(func() stored {
			return newStored(c.Painter.Rosette(rosetteSize), "image/svg+xml", pictureMaxAge).picture()
		}),
		logo: sync.OnceValue(func() stored {
			return newStored(c.Pages.look.Logo, "image/png", pictureMaxAge).picture()
		}),
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
