package attest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/locale"
)

var (
	errMethod = fault.New(fault.Invalid, "account_proof_unsupported",
		`This way to prove the account is not offered. Use "oauth", signing in at your own instance, or "link", placing a link in your profile.`).At("/account_proof/method")
	errLang = fault.New(fault.Invalid, "language_unsupported",
		"There are no texts in this language. Take one of those that the pages of this server offer.").At("/lang")
	errNoMail = fault.New(fault.Unavailable, "mail_not_configured",
		"This server cannot send mail yet, so no mailbox can be proven. Its operator must set COCARDE_SMTP_URL.")
	errAccountHasBadge = fault.New(fault.Conflict, "account_has_badge",
		"This account has a badge already. It must end or be taken back before another is issued. If you chose not to be listed, its link is in the mail that told you of it.").At("/handle")
)

// Begin takes a request: it parses both sides, checks the mailbox against the
// domain rules, finds the actor, and begins the sign-in at its instance; by link,
// the badge's URL is what the agent has to place. Nothing is mailed, and nothing
// in the answer depends on whether the mailbox is known.
func (q *Requests) Begin(ctx context.Context, b Beginning) (Begun, error) {
	if err := q.closing(); err != nil {
		return Begun{}, err
	}
	handle, err := acct.ParseHandle(b.Handle)
	if err != nil {
		return Begun{}, at("/handle", err)
	}
	address, err := acct.ParseAddress(b.Email)
	if err != nil {
		return Begun{}, at("/email", err)
	}
	method := Method(b.Method)
	if method != ByOAuth && method != ByLink {
		return Begun{}, errMethod
	}
	if !locale.Known(b.Lang) {
		return Begun{}, errLang
	}
	match, err := q.admit(ctx, handle, address, b.Client)
	if err != nil {
		return Begun{}, err
	}
	actor, err := q.findActor(ctx, handle, b.Client)
	if err != nil {
		return Begun{}, err
	}
	return q.keep(ctx, Request{
		Purpose: ForIssue, BadgeID: randomID(12), State: AwaitingAccountProof, Actor: actor,
		Mailbox:    q.vault.Seal(sealMailbox, []byte(address.String())),
		MailboxKey: q.vault.MailboxKey(address),
		Agency:     agencyOf(match),
		Lang:       b.Lang, Listed: b.Listed, Method: method,
	})
}

// named gives a new request its id, its token and its times.
func (q *Requests) named(r Request) (_ Request, token string) {
	r.ID, token = randomID(12), randomSecret(32)
	r.TokenHash = q.tokenHash(r.ID, token)
	r.CreatedAt = q.now()
	r.ExpiresAt = r.CreatedAt.Add(lifetime(r.Purpose))
	return r, token
}

// lifetime is that of a request for a purpose.
func lifetime(p Purpose) time.Duration {
	if p == ForAccess {
		return accessLifetime
	}
	return requestLifetime
}

// keep stores a new request; with the first sign-in, where that is how the
// account is proven.
func (q *Requests) keep(ctx context.Context, r Request) (begun Begun, err error) {
	r, token := q.named(r)
	begun.View = q.view(r)
	var signIn *SignIn
	if r.Method == ByOAuth {
		if begun, signIn, err = q.prepareSignIn(ctx, r); err != nil {
			return Begun{}, err
		}
		r.SignIns = 1
	}
	err = q.store.AddRequest(ctx, r, signIn)
	if errors.Is(err, ErrNotFound) {
		return Begun{}, errNoBadge
	}
	if err != nil {
		return Begun{}, fmt.Errorf("keep request: %w", err)
	}
	begun.Token = token
	return begun, nil
}

// admit decides whether this mailbox may be attested by this server now. What
// needs no network comes first.
func (q *Requests) admit(ctx context.Context, h acct.Handle, a acct.Address, client string) (agency.Match, error) {
	match, err := q.match(a)
	if err != nil {
		return agency.Match{}, err
	}
	if !q.mail {
		return agency.Match{}, errNoMail
	}
	if err := q.codesAllowed(ctx); err != nil {
		return agency.Match{}, err
	}
	if err := q.countBegin(ctx, h, a, client); err != nil {
		return agency.Match{}, err
	}
	if match.NeedsMX {
		if err := q.mailboxes.CheckMX(ctx, a.Domain()); err != nil {
			return agency.Match{}, at("/email", err)
		}
	}
	return match, nil
}

// match finds the rule that says whose mailbox an address is.
func (q *Requests) match(a acct.Address) (agency.Match, error) {
	if err := agency.CheckMailbox(a); err != nil {
		return agency.Match{}, at("/email", err)
	}
	match, err := q.agencies.Match(a.Domain())
	return match, at("/email", err)
}

func agencyOf(m agency.Match) Agency {
	return Agency{Domain: m.Domain.String(), Name: m.Name, Country: m.Country}
}

// findActor resolves the handle and refuses an account that has a listed badge.
// Of one that is not listed nobody learns before the account is proven.
func (q *Requests) findActor(ctx context.Context, h acct.Handle, client string) (Actor, error) {
	actor, err := q.fediverse.Resolve(ctx, h)
	if err != nil {
		return Actor{}, at("/handle", err)
	}
	if err := q.countActor(ctx, h, actor, client); err != nil {
		return Actor{}, err
	}
	p, err := q.badgeOf(ctx, actor)
	if err == nil && p != nil && p.Badge.Listed {
		err = errAccountHasBadge
	}
	return actor, err
}

// badgeOf gives the badge that stands in the way of another for an account, nil
// if there is none.
func (q *Requests) badgeOf(ctx context.Context, a Actor) (*Published, error) {
	p, err := q.store.BadgeOfAccount(ctx, a.ID, q.now())
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("find badge of account: %w", err)
	}
	return &p, nil
}

// at points a fault that may be shown at the member of the input that caused it.
func at(field string, err error) error {
	if f, ok := fault.Of(err); ok && f.Field == "" {
		return f.At(field)
	}
	return err
}
