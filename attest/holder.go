package attest

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"

	"cocarde.example/verify"
)

// The agent's own acts on a badge. The token is that of a request about the badge
// whose proofs stand: one for access with either proof, or a renewal with both.

// WithdrawBadge revokes a badge because its agent wishes so. Doing it twice changes
// nothing.
func (q *Requests) WithdrawBadge(ctx context.Context, badgeID, token string) error {
	p, r, err := q.opens(ctx, badgeID, token)
	if err != nil {
		return err
	}
	_, err = q.store.ChangeStatus(ctx, StatusChange{
		BadgeID: badgeID, To: verify.Revoked, At: q.now(), By: "agent", Reason: AgentsWish, Mail: q.withdrawnMail(p.Badge, r.Lang),
	})
	return whyUnchanged(err)
}

// withdrawnMail is nil where none can be written: that keeps nobody from withdrawing.
func (q *Requests) withdrawnMail(b Badge, lang string) *OutboxEntry {
	n := Notices{Vault: q.vault, Issuer: q.issuer, Lang: lang, Closes: q.closes, Now: q.now}
	mail, err := n.entry(MailWithdrawn, b)
	if err != nil {
		q.log.Error("the agent of a withdrawn badge gets no mail", slog.String("badge", b.ID), slog.Any("error", err))
	}
	return mail
}

// EraseBadge destroys what says whom a badge names, and revokes it. It cannot be undone;
// the badge is not found from then on.
func (q *Requests) EraseBadge(ctx context.Context, badgeID, token string) error {
	if _, _, err := q.opens(ctx, badgeID, token); err != nil {
		return err
	}
	err := q.store.Erase(ctx, badgeID, q.now())
	if errors.Is(err, ErrNotFound) {
		return errNoBadge
	}
	if err != nil {
		return fmt.Errorf("erase badge: %w", err)
	}
	return nil
}

// opens finds the badge and the request whose token opens it.
func (q *Requests) opens(ctx context.Context, badgeID, token string) (Published, Request, error) {
	p, err := found(errNoBadge)(q.store.Badge(ctx, badgeID))
	if err != nil {
		return Published{}, Request{}, err
	}
	all, err := q.store.ProvenAbout(ctx, badgeID)
	if err != nil {
		return Published{}, Request{}, fmt.Errorf("find requests: %w", err)
	}
	for _, r := range all {
		if q.now().Before(r.ExpiresAt) && subtle.ConstantTimeCompare(r.TokenHash, q.tokenHash(r.ID, token)) == 1 {
			return p, r, nil
		}
	}
	return Published{}, Request{}, errToken
}
