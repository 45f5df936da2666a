package api

import (
	"context"
	"net/http"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

// Requests is the way from asking to an attestation. Errors that the caller may
// see are faults; a wrong token and an unknown id get the same one.
type Requests interface {
	Begin(ctx context.Context, b attest.Beginning) (attest.Begun, error)
	BeginRenewal(ctx context.Context, b attest.Renewing) (attest.Begun, error)
	BeginAccess(ctx context.Context, a attest.Accessing) (attest.Begun, error)
	Look(ctx context.Context, id, token string) (attest.View, error)
	Withdraw(ctx context.Context, id, token string) error
	// AdvanceAccount tries the account proof again, by the request's own method: it
	// begins the sign-in anew, or looks at the profile for the link.
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
}

// Badges finds what was issued, whatever its status. What is not there is a
// fault of kind NotFound.
type Badges interface {
	Published(ctx context.Context, id string) (attest.Published, error)
	// PublishedByHandle finds only what its agent chose to list.
	PublishedByHandle(ctx context.Context, handle string) (attest.Published, error)
}

// Verifier checks a token. It never fails: what goes wrong stands in the report.
type Verifier interface {
	Verify(ctx context.Context, token string, account verify.Account) verify.Report
}

// Artefacts gives what is published, signed once and stored: the same bytes
// every time until the next signing.
type Artefacts interface {
	// Artefact finds an artefact by its path, such as "/status/1"; ok is false if
	// there is none. The issuer's WebFinger answer stands under its path and query,
	// "/.well-known/webfinger?resource=acct:cocarde@host", unescaped.
	Artefact(ctx context.Context, path string) (a Artefact, ok bool, err error)
}

// Artefact is one published body.
type Artefact struct {
	Body        []byte
	ContentType string
	ETag        string        // strong, with its quotes
	MaxAge      time.Duration // that anyone may keep it
}

// Agencies lists the domain rules, in an order that stays while they do.
type Agencies interface {
	Rules() []agency.Rule
}

// Health says whether the program can serve.
type Health interface {
	// Ready is nil if it can. The error goes to the log alone.
	Ready(ctx context.Context) error
}

// ErrorPage shows a refusal to a person, with the status given.
type ErrorPage func(w http.ResponseWriter, r *http.Request, status int, f *fault.Error)
