package attest

import (
	"context"
	"fmt"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/locale"
	"cocarde.example/verify"
)

var (
	errBadgeSuspended = fault.New(fault.Conflict, "badge_suspended",
		"This badge is suspended, so it cannot be renewed now. Ask whoever runs this server why.")
	errNotRenewable = fault.New(fault.Conflict, "badge_not_renewable",
		"The mailbox of this badge can no longer be attested here: it is not kept any more, or its domain does not count any more. Ask for a new badge.")
	errOtherActor = fault.New(fault.Conflict, "account_changed",
		"The handle of this badge leads to another account by now. Ask for a new badge for the account that you have.")
	errMailboxHasBadge = fault.New(fault.Conflict, "mailbox_has_badge",
		"This mailbox has another badge by now. A request for a new badge will replace that one.")
	errSuperseded = fault.New(fault.Conflict, "attestation_superseded",
		"The badge has been renewed since, so this attestation is not given out again. Take the one of the renewal.")
)

// Renewing is what an agent asks for to have a badge renewed: its account and its
// mailbox are those that it has.
type Renewing struct {
	BadgeID string
	Method  string
	Lang    string // empty: the badge's
	Client  string // as in Beginning
}

// BeginRenewal takes a request to issue another attestation under a badge. Account
// and mailbox are looked at as for a first one, but what is wrong with the mailbox is
// not told: whoever asks has proven nothing.
func (q *Requests) BeginRenewal(ctx context.Context, b Renewing) (Begun, error) {
	if err := q.closing(); err != nil {
		return Begun{}, err
	}
	p, lang, err := q.about(ctx, b.BadgeID, b.Lang)
	if err != nil {
		return Begun{}, err
	}
	method := Method(b.Method)
	if method != ByOAuth && method != ByLink {
		return Begun{}, errMethod
	}
	if err := renewable(p.Badge); err != nil {
		return Begun{}, err
	}
	address, err := mailboxOf(q.vault, p.Badge)
	if err != nil {
		return Begun{}, err
	}
	match, err := q.admitAgain(ctx, p.Badge.Actor.Handle, address, b.Client)
	if err != nil {
		return Begun{}, err
	}
	actor, err := q.sameActor(ctx, p.Badge.Actor)
	if err != nil {
		return Begun{}, err
	}
	r := Request{
		Purpose: ForRenewal, BadgeID: p.Badge.ID, State: AwaitingAccountProof, Actor: actor,
		Mailbox:    q.vault.Seal(sealMailbox, []byte(address.String())),
		MailboxKey: q.vault.MailboxKey(address),
		Agency:     agencyOf(match), Lang: lang, Listed: p.Badge.Listed, Method: method,
	}
	return q.keep(ctx, r)
}

// about finds the badge that a request is to be about, and the language of its mails.
func (q *Requests) about(ctx context.Context, badgeID, lang string) (Published, string, error) {
	p, err := found(errNoBadge)(q.store.Badge(ctx, badgeID))
	if err != nil {
		return Published{}, "", err
	}
	switch {
	case lang == "":
		lang = locale.Choose(p.Badge.Lang, "")
	case !locale.Known(lang):
		return Published{}, "", errLang
	}
	return p, lang, nil
}

func renewable(b Badge) error {
	switch {
	case b.Status == verify.Revoked:
		return errBadgeRevoked
	case b.Status == verify.Suspended:
		return errBadgeSuspended
	case len(b.Mailbox) == 0:
		return errNotRenewable
	}
	return nil
}

// admitAgain is admit for a mailbox that the caller did not name.
func (q *Requests) admitAgain(ctx context.Context, h acct.Handle, a acct.Address, client string) (agency.Match, error) {
	match, err := q.admit(ctx, h, a, client)
	if f, ok := fault.Of(err); ok && f.Field == "/email" {
		if f.Kind == fault.Upstream || f.Kind == fault.Unavailable {
			return match, ErrNotReady.Because(err)
		}
		return match, errNotRenewable.Because(err)
	}
	return match, err
}

// sameActor confirms that the handle of a badge still is its account's.
func (q *Requests) sameActor(ctx context.Context, a Actor) (Actor, error) {
	actor, err := q.fediverse.Resolve(ctx, a.Handle)
	if err != nil {
		return Actor{}, err
	}
	if actor.ID != a.ID {
		return Actor{}, errOtherActor
	}
	return actor, nil
}

// renewed is the badge as it will be: what was proven anew, under the id and the key
// that it has.
func (q *Requests) renewed(ctx context.Context, r Request) (Badge, error) {
	p, err := found(errNoBadge)(q.store.Badge(ctx, r.BadgeID))
	if err != nil {
		return Badge{}, err
	}
	key, err := ownKey(ctx, q.store, q.vault, p.Badge)
	if err != nil {
		return Badge{}, fmt.Errorf("own key of badge: %w", err)
	}
	return q.badgeOfRequest(r, key)
}
