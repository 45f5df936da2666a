package attest

import (
	"context"

	"cocarde.example/internal/acct"
)

// FindAccount gives the account that a handle leads to, as Begin will find it, to
// be shown before anything else is asked. Nothing is kept but that client asked.
func (q *Requests) FindAccount(ctx context.Context, handle, client string) (Actor, error) {
	if err := q.closing(); err != nil {
		return Actor{}, err
	}
	h, err := acct.ParseHandle(handle)
	if err != nil {
		return Actor{}, at("/handle", err)
	}
	if err := q.countFind(ctx, h, client); err != nil {
		return Actor{}, err
	}
	return q.findActor(ctx, h, client)
}

// FindAgency gives what an attestation of a mailbox would say of its agency.
// Nothing is kept, and nobody is asked: Begin may still refuse the domain.
func (q *Requests) FindAgency(email string) (Agency, error) {
	address, err := acct.ParseAddress(email)
	if err != nil {
		return Agency{}, at("/email", err)
	}
	match, err := q.match(address)
	if err != nil {
		return Agency{}, err
	}
	return agencyOf(match), nil
}

// LookAtProfile says whether the profile shows the badge's link now, once the
// badge is issued. It changes nothing.
func (q *Requests) LookAtProfile(ctx context.Context, id, token string) (Sighting, error) {
	r, err := q.open(ctx, id, token)
	if err != nil {
		return Sighting{}, err
	}
	if r.State != Issued {
		return Sighting{}, errOutOfTurn
	}
	if err := q.countLook(ctx, r); err != nil {
		return Sighting{}, err
	}
	return q.profiles.FindLink(ctx, r.Actor, q.badgeURL(r.BadgeID))
}
