package attest

import (
	"context"
	"fmt"

	"cocarde.example/verify"
)

// badgeToBe is the badge as the issuance will leave it.
func (q *Requests) badgeToBe(ctx context.Context, r Request) (Badge, error) {
	if r.Purpose == ForRenewal {
		return q.renewed(ctx, r)
	}
	return q.badgeOfRequest(r, q.vault.NewOwnKey())
}

func (q *Requests) badgeOfRequest(r Request, ownKey []byte) (Badge, error) {
	address, err := q.address(r)
	if err != nil {
		return Badge{}, err
	}
	mailbox, err := q.vault.SealUnder(ownKey, sealMailbox, []byte(address.String()))
	if err != nil {
		return Badge{}, fmt.Errorf("seal mailbox: %w", err)
	}
	account, agency, err := q.pseudonyms.Outputs(r.Actor.Handle.URI(), r.Agency.Domain)
	if err != nil {
		return Badge{}, fmt.Errorf("compute VRF outputs: %w", err)
	}
	now := q.now()
	return Badge{
		ID: r.BadgeID, Kind: AgencyMailbox, Actor: r.Actor, Agency: r.Agency,
		OwnKey: ownKey, Mailbox: mailbox, MailboxKey: r.MailboxKey, Lang: r.Lang, Listed: r.Listed, Status: verify.Valid,
		CreatedAt: now, ChangedAt: now, MailboxProofAt: r.MailboxProofAt, AccountVRF: account, AgencyVRF: agency,
	}, nil
}
