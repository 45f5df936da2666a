package attest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cocarde.example/verify"
)

// BadgeState says how a badge stands, as anyone may know. Only a valid badge
// vouches for anything.
type BadgeState string

// The states of a badge.
const (
	BadgeReserved  BadgeState = "reserved" // a request has not come to its attestation yet
	BadgeValid     BadgeState = "valid"
	BadgeSuspended BadgeState = "suspended"
	BadgeRevoked   BadgeState = "revoked" // for good, past its expiry too
	BadgeEnded     BadgeState = "ended"   // expired
)

// BadgeView is what a badge's page may show.
type BadgeView struct {
	ID        string
	State     BadgeState
	Published *Published // nil while the badge is reserved
	ChangedAt time.Time  // when it came to its state
}

// State says how a badge stands now. An id that no badge and no open request
// holds is unknown: badge_not_found.
func (b *Badges) State(ctx context.Context, id string) (BadgeView, error) {
	p, err := b.store.Badge(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return b.reserved(ctx, id)
	}
	if err != nil {
		return BadgeView{}, fmt.Errorf("find badge: %w", err)
	}
	v := BadgeView{ID: id, State: p.State(b.now()), Published: &p, ChangedAt: p.Badge.ChangedAt}
	if v.State == BadgeEnded {
		v.ChangedAt = p.Attestation.ExpiresAt
	}
	return v, nil
}

// State says how the badge stands at a time.
func (p Published) State(now time.Time) BadgeState {
	switch {
	case p.Badge.Status == verify.Revoked:
		return BadgeRevoked
	case !now.Before(p.Attestation.ExpiresAt):
		return BadgeEnded
	case p.Badge.Status == verify.Suspended:
		return BadgeSuspended
	}
	return BadgeValid
}

func (b *Badges) reserved(ctx context.Context, id string) (BadgeView, error) {
	r, err := b.store.Reserved(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && !b.now().Before(r.ExpiresAt) {
		return BadgeView{}, errNoBadge
	}
	if err != nil {
		return BadgeView{}, fmt.Errorf("find request of badge: %w", err)
	}
	return BadgeView{ID: id, State: BadgeReserved, ChangedAt: r.CreatedAt}, nil
}
