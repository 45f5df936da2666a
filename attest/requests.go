package attest

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/locale"
	"cocarde.example/internal/retention"
)

// How long things hold.
const (
	requestLifetime = retention.Request
	accessLifetime  = time.Hour // what it opens is more than what a request may lead to
	signInLifetime  = 10 * time.Minute
	codeLifetime    = retention.Code
	stopLifetime    = retention.MailStop
)

// How often things may be tried in one request.
const (
	maxSignIns = 5
	maxTries   = 5 // of each code
	maxCodes   = 3 // mails
)

var (
	errToken = fault.New(fault.Unauthorized, "token_wrong",
		"There is no such request, or the token is not its own. Send the token that you got when the request began.")
	errExpired = fault.New(fault.Gone, "request_expired",
		"This request has ended: its time is over.")
	errWithdrawn = fault.New(fault.Gone, "request_withdrawn",
		"You have stopped this request.")
	errRefused = fault.New(fault.Gone, "request_refused",
		"This request has ended after too many wrong codes.")
	errOutOfTurn = fault.New(fault.Conflict, "request_out_of_turn",
		"The request does not stand where this step belongs. Look at its state: the account proof comes first, then the mailbox proof, then the attestation.")
)

// RequestsConfig is what Requests is made of. All of it is required but Mail.
type RequestsConfig struct {
	Issuer     string // origin
	Store      Store
	Vault      Vault
	Fediverse  Fediverse
	Profiles   Profiles
	Mailboxes  Mailboxes
	Agencies   Agencies
	Signer     Signer
	Checker    Checker
	Pseudonyms Pseudonyms
	Limits     Limits
	Validity   time.Duration // of an attestation
	Mail       bool          // whether mail can be sent at all
	Closes     time.Time     // when the issuer closes; zero: it goes on
	Now        func() time.Time
	Log        *slog.Logger
}

// Requests is the way from asking to an attestation. It is safe for concurrent
// use, by many processes on one store.
type Requests struct {
	issuer     string
	store      Store
	vault      Vault
	fediverse  Fediverse
	profiles   Profiles
	mailboxes  Mailboxes
	agencies   Agencies
	signer     Signer
	checker    Checker
	pseudonyms Pseudonyms
	limits     Limits
	validity   time.Duration
	mail       bool
	closes     time.Time
	now        func() time.Time
	log        *slog.Logger
}

// NewRequests makes a Requests.
func NewRequests(c RequestsConfig) *Requests {
	return &Requests{
		issuer: c.Issuer, store: c.Store, vault: c.Vault, fediverse: c.Fediverse,
		profiles: c.Profiles, mailboxes: c.Mailboxes, agencies: c.Agencies, signer: c.Signer,
		checker: c.Checker, pseudonyms: c.Pseudonyms, limits: c.Limits, validity: c.Validity,
		mail: c.Mail, closes: c.Closes, now: c.Now, log: c.Log,
	}
}

// Look shows a request to whoever holds its token.
func (q *Requests) Look(ctx context.Context, id, token string) (View, error) {
	r, err := q.find(ctx, id, token)
	if err != nil {
		return View{}, err
	}
	return q.view(r), nil
}

// SetLang has the mails to come written in another language.
func (q *Requests) SetLang(ctx context.Context, id, token, lang string) error {
	if !locale.Known(lang) {
		return errLang
	}
	r, err := q.find(ctx, id, token)
	if err != nil {
		return err
	}
	return q.store.SetLang(ctx, r.ID, lang)
}

// Withdraw ends a request that has not ended yet. Withdrawing twice is no error.
func (q *Requests) Withdraw(ctx context.Context, id, token string) error {
	r, err := q.find(ctx, id, token)
	if err != nil {
		return err
	}
	if r.State == Withdrawn {
		return nil
	}
	if err := q.store.EndRequest(ctx, r.ID, Withdrawn); !lost(err) {
		return err
	}
	return q.notIn(ctx, r.ID)
}

// find gives the request of an id to whoever has its token. An unknown id and a
// wrong token get the same answer.
func (q *Requests) find(ctx context.Context, id, token string) (Request, error) {
	r, err := q.store.Request(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Request{}, errToken
	}
	if err != nil {
		return Request{}, fmt.Errorf("find request: %w", err)
	}
	if subtle.ConstantTimeCompare(r.TokenHash, q.tokenHash(id, token)) != 1 {
		return Request{}, errToken
	}
	return r, nil
}

// open gives the request only while it may still go on.
func (q *Requests) open(ctx context.Context, id, token string) (Request, error) {
	r, err := q.find(ctx, id, token)
	if err != nil {
		return Request{}, err
	}
	return r, q.ended(r)
}

// ended is the refusal for a request that has ended without an attestation, or
// whose time is over.
func (q *Requests) ended(r Request) error {
	switch q.stateOf(r) {
	case Withdrawn:
		return errWithdrawn
	case Refused:
		return errRefused
	case Expired:
		return errExpired
	}
	if !q.now().Before(r.ExpiresAt) {
		return errExpired // issued, but its answer is repeated no longer
	}
	return nil
}

// stateOf is the state with the clock taken into account.
func (q *Requests) stateOf(r Request) State {
	switch r.State {
	case AwaitingAccountProof, AwaitingMailboxProof, Proven:
		if !q.now().Before(r.ExpiresAt) {
			return Expired
		}
	}
	return r.State
}

// lost says whether a step found the request in another state, or not any more.
func lost(err error) bool { return errors.Is(err, ErrState) || errors.Is(err, ErrNotFound) }

// notIn says why a step found the request in another state than it needs: most
// often another call came first.
func (q *Requests) notIn(ctx context.Context, id string) error {
	r, err := q.store.Request(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return errToken // with its badge, just now
	}
	if err != nil {
		return fmt.Errorf("find request again: %w", err)
	}
	if err := q.ended(r); err != nil {
		return err
	}
	return errOutOfTurn
}

func (q *Requests) view(r Request) View {
	return View{
		ID: r.ID, Purpose: r.Purpose, State: q.stateOf(r), Method: r.Method, Lang: r.Lang, Handle: r.Actor.Handle, Actor: r.Actor,
		Agency: r.Agency, BadgeURL: q.badgeURL(r.BadgeID), LinkURL: q.linkURL(r), ExpiresAt: r.ExpiresAt, Listed: r.Listed,
		Code: codeView(r), CodesLeft: maxCodes - r.CodesSent, MailError: r.MailError,
	}
}

// codeView tells of the code that a request waits for.
func codeView(r Request) *CodeView {
	var c *Code
	switch r.State {
	case AwaitingAccountProof:
		c = r.AccountCode
	case AwaitingMailboxProof:
		c = r.MailboxCode
	}
	if c == nil {
		return nil
	}
	return &CodeView{TriesLeft: maxTries - c.Tries, ExpiresAt: c.ExpiresAt}
}

func (q *Requests) badgeURL(id string) string { return BadgeURL(q.issuer, id) }

func (q *Requests) tokenHash(id, token string) []byte {
	return q.vault.CodeHash("request", id, token)
}

// address opens the sealed mailbox of a request.
func (q *Requests) address(r Request) (acct.Address, error) {
	plain, err := q.vault.Open(sealMailbox, r.Mailbox)
	if err != nil {
		return acct.Address{}, fmt.Errorf("open mailbox: %w", err)
	}
	return acct.ParseAddress(string(plain))
}
