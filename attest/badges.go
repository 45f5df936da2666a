package attest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

var (
	errNoBadge = fault.New(fault.NotFound, "badge_not_found",
		"There is no badge under this link or id. Copy it again, whole.")
	errNotListed = fault.New(fault.NotFound, "attestation_not_found",
		"There is no attestation under this handle. Check its spelling. Its agent may also have chosen not to be listed: then only the badge's link leads to it.")
	errBadgeRevoked = fault.New(fault.Conflict, "badge_revoked",
		"This badge is revoked, and stays so. The agent can ask for a new one.")
	errBadgeEnded = fault.New(fault.Conflict, "badge_ended",
		"This badge has ended by itself: there is nothing left to take back.")
	errReason = fault.New(fault.Invalid, "reason_unknown",
		"Give one of the known reasons: left_agency, account_compromised, proven_in_error, domain_withdrawn, key_compromised, agents_wish, other.").At("/reason")
	errNoteLong = fault.New(fault.Invalid, "note_too_long",
		"A note has at most 1,000 characters. Shorten it.").At("/note")
)

const maxNote = 1000

// revokedAtOnce is after how many badges RevokeAll tells of its progress.
const revokedAtOnce = 1000

// Badges finds badges and takes them back.
type Badges struct {
	store BadgeStore
	vault Vault
	now   func() time.Time
}

// NewBadges makes a Badges.
func NewBadges(s BadgeStore, v Vault, now func() time.Time) *Badges {
	return &Badges{store: s, vault: v, now: now}
}

// Published gives a badge with its latest attestation, whatever its status.
func (b *Badges) Published(ctx context.Context, id string) (Published, error) {
	return found(errNoBadge)(b.store.Badge(ctx, id))
}

// PublishedByHandle gives the newest badge of a handle, if its agent chose to be listed.
func (b *Badges) PublishedByHandle(ctx context.Context, handle string) (Published, error) {
	h, err := acct.ParseHandle(handle)
	if err != nil {
		return Published{}, at("/handle", err)
	}
	return found(errNotListed)(b.store.BadgeOfHandle(ctx, h))
}

// List lists badges by id.
func (b *Badges) List(ctx context.Context, f BadgeFilter) ([]Published, error) {
	return b.store.Badges(ctx, f)
}

// Act is one act of an auditor on a badge.
type Act struct {
	BadgeID string
	By      string
	Reason  Reason
	Note    string // for auditors; sealed at rest
}

// Suspend takes a badge back for a time. Doing it twice changes nothing.
func (b *Badges) Suspend(ctx context.Context, a Act) (changed bool, err error) {
	return b.change(ctx, a, verify.Suspended)
}

// Resume ends a suspension.
func (b *Badges) Resume(ctx context.Context, a Act) (changed bool, err error) {
	return b.change(ctx, a, verify.Valid)
}

// Revoke takes a badge back for good.
func (b *Badges) Revoke(ctx context.Context, a Act) (changed bool, err error) {
	return b.change(ctx, a, verify.Revoked)
}

// RevokeAll revokes every badge that has not ended, and tells progress how many so far. One
// after the other, each for itself: what was cut off may be called again.
func (b *Badges) RevokeAll(ctx context.Context, a Act, progress func(n int)) error {
	done := 0
	for f := (BadgeFilter{Limit: revokedAtOnce}); ; {
		found, err := b.List(ctx, f)
		if err != nil {
			return err
		}
		for _, p := range found {
			if p.Badge.Status == verify.Revoked || !b.now().Before(p.Attestation.ExpiresAt) {
				continue
			}
			a.BadgeID = p.Badge.ID
			changed, err := b.Revoke(ctx, a)
			if err != nil && !wentMeanwhile(err) {
				return err
			}
			if changed {
				done++
			}
		}
		progress(done)
		if len(found) < f.Limit {
			return nil
		}
		f.After = found[len(found)-1].Badge.ID
	}
}

// wentMeanwhile says whether a badge cannot be revoked because it ended or was erased.
func wentMeanwhile(err error) bool {
	return errors.Is(err, errBadgeEnded) || errors.Is(err, errNoBadge)
}

func (b *Badges) change(ctx context.Context, a Act, to verify.Status) (bool, error) {
	if !slices.Contains(Reasons(), a.Reason) {
		return false, errReason
	}
	if utf8.RuneCountInString(a.Note) > maxNote {
		return false, errNoteLong
	}
	note, err := b.sealNote(ctx, a)
	if err != nil {
		return false, err
	}
	changed, err := b.store.ChangeStatus(ctx, StatusChange{
		BadgeID: a.BadgeID, To: to, At: b.now(), By: a.By, Reason: a.Reason, Note: note,
	})
	return changed, whyUnchanged(err)
}

// sealNote seals a note under the badge's own key, so that it goes when that does.
func (b *Badges) sealNote(ctx context.Context, a Act) ([]byte, error) {
	if a.Note == "" {
		return nil, nil
	}
	p, err := b.Published(ctx, a.BadgeID)
	if err != nil {
		return nil, err
	}
	key, err := ownKey(ctx, b.store, b.vault, p.Badge)
	if err != nil {
		return nil, err
	}
	return b.vault.SealUnder(key, sealNote, []byte(a.Note))
}

// whyUnchanged says what it means that a status could not be changed.
func whyUnchanged(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound):
		return errNoBadge
	case errors.Is(err, ErrRevoked):
		return errBadgeRevoked
	case errors.Is(err, ErrEnded):
		return errBadgeEnded
	}
	return fmt.Errorf("change status: %w", err)
}

// found says what it means that a store found nothing.
func found(nothing *fault.Error) func(Published, error) (Published, error) {
	return func(p Published, err error) (Published, error) {
		if errors.Is(err, ErrNotFound) {
			return Published{}, nothing
		}
		if err != nil {
			return Published{}, fmt.Errorf("find badge: %w", err)
		}
		return p, nil
	}
}
