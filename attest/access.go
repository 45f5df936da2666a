package attest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cocarde.example/internal/fault"
)

var errMailboxMethod = fault.New(fault.Invalid, "mailbox_proof_unsupported",
	`This way to prove the mailbox is not offered. Use "code".`).At("/mailbox_proof/method")

// Accessing is what an agent asks for who wants to withdraw, see or erase a badge.
type Accessing struct {
	BadgeID string
	// ByMailbox asks for the mailbox proof and no other, instead of the account proof.
	ByMailbox bool
	Method    string // of that proof
	Lang      string // empty: the badge's
	Client    string // as in Beginning
}

// BeginAccess takes a request for access to a badge by one proof. Whether its mailbox
// is kept still cannot be told from the answer.
func (q *Requests) BeginAccess(ctx context.Context, a Accessing) (Begun, error) {
	p, lang, err := q.about(ctx, a.BadgeID, a.Lang)
	if err != nil {
		return Begun{}, err
	}
	method := Method(a.Method)
	switch {
	case a.ByMailbox && method != ByCode:
		return Begun{}, errMailboxMethod
	case !a.ByMailbox && method != ByOAuth && method != ByLink:
		return Begun{}, errMethod
	}
	if err := q.countAccess(ctx, p.Badge, a.Client); err != nil {
		return Begun{}, err
	}
	r := Request{
		Purpose: ForAccess, BadgeID: p.Badge.ID, State: AwaitingAccountProof, Actor: p.Badge.Actor,
		Agency: p.Badge.Agency, Lang: lang, Listed: p.Badge.Listed, Method: method,
	}
	if a.ByMailbox {
		return q.keepWithCode(ctx, r, p.Badge, a.Client)
	}
	return q.keep(ctx, r)
}

// keepWithCode stores a request that needs the mailbox proof alone, with its code on
// the way.
func (q *Requests) keepWithCode(ctx context.Context, r Request, b Badge, client string) (Begun, error) {
	if !q.mail {
		return Begun{}, errNoMail
	}
	r.State, r.MailboxKey = AwaitingMailboxProof, b.MailboxKey
	if len(b.Mailbox) > 0 {
		address, err := mailboxOf(q.vault, b)
		if err != nil {
			return Begun{}, err
		}
		r.Mailbox = q.vault.Seal(sealMailbox, []byte(address.String()))
	}
	r, token := q.named(r)
	code, mail, err := q.newMailboxCode(ctx, r, client)
	if err != nil {
		return Begun{}, err
	}
	r.MailboxCode, r.CodesSent = &code, 1
	err = q.store.AddAccess(ctx, r, mail)
	if errors.Is(err, ErrNotFound) {
		return Begun{}, errNoBadge
	}
	if err != nil {
		return Begun{}, fmt.Errorf("keep request: %w", err)
	}
	return Begun{View: q.view(r), Token: token}, nil
}

// proveAccess records the account proof of a request that needs no other.
func (q *Requests) proveAccess(ctx context.Context, r Request) (View, error) {
	err := q.store.ProveAccess(ctx, r.ID, q.now())
	if lost(err) {
		return View{}, q.notIn(ctx, r.ID)
	}
	if err != nil {
		return View{}, fmt.Errorf("record account proof: %w", err)
	}
	r.State = Proven
	return q.view(r), nil
}

// countAccess counts a request for access, apart from those for badges.
func (q *Requests) countAccess(ctx context.Context, b Badge, client string) error {
	l := q.limits
	return q.count(ctx, errLimited,
		q.limit("access-client", client, time.Hour, l.RequestsPerClient),
		q.limit("access-badge", client+" "+b.ID, time.Hour, l.RequestsPerHandle),
		q.limit("access-instance", b.Actor.Host.String(), time.Hour, l.RequestsPerInstance),
		q.limit("access", "", time.Hour, l.RequestsInTotal))
}
