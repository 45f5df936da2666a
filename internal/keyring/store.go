package keyring

import (
	"context"
	"errors"
	"time"

	"cocarde.example/attest"
	"cocarde.example/keys"
)

// ErrChanged: the keys were not as they should have been; another process was faster.
var ErrChanged = errors.New("keyring: the keys were changed meanwhile")

// Change is one step of one key's life, with its event.
type Change struct {
	From  keys.State // in which the key must be
	Key   keys.Key   // as it is afterwards
	Event attest.Event
}

// Signed is an attestation that a key signed, with its badge.
type Signed struct {
	attest.Attestation
	Badge  attest.Badge
	Latest bool // of its badge
}

// Taking says what is to be revoked with its key: the badge if the attestation is
// still its latest one, otherwise that one alone.
type Taking struct {
	JTI     string
	BadgeID string
	Mail    *attest.OutboxEntry // to the agent, if the badge is revoked by this
}

// Store is what this package needs of the database.
type Store interface {
	// SigningKeys gives every key that is not gone, oldest first.
	SigningKeys(ctx context.Context) ([]keys.Key, error)
	// LastKeyEvent gives the number of the last numbered event of a key.
	LastKeyEvent(ctx context.Context) (seq int64, err error)
	// LastExpiry gives the latest end of the attestations that a key signed; the
	// zero time if there is none.
	LastExpiry(ctx context.Context, kid string) (time.Time, error)
	// ChangeKeys makes every change in one transaction, with the events, or none of
	// them: ErrChanged if a key is not in the state that it must be in. Once it
	// returns, nothing is issued any more under a key that is not active.
	ChangeKeys(ctx context.Context, changes []Change) error
	// SignedBy gives attestations that a key signed, in the order of their ends and
	// then of their jti, after the one given, at most limit.
	SignedBy(ctx context.Context, kid string, after Mark, limit int) ([]Signed, error)
	// TakenBack gives those among them with which TakeBack revoked a badge, as SignedBy
	// does. What was erased since is not there.
	TakenBack(ctx context.Context, kid string, after Mark, limit int) ([]Signed, error)
	// TakeBack revokes what a revoked key signed and has not ended, with events,
	// reason KeyCompromised, in one transaction. What is revoked already is left alone.
	TakeBack(ctx context.Context, at time.Time, by string, all []Taking) error
	// AllTakenBack notes that nothing is left to be taken back of a revoked key's.
	AllTakenBack(ctx context.Context, kid string) error
	// Rewrap replaces the wrapped data keys, if they still are the former ones:
	// ErrChanged otherwise.
	Rewrap(ctx context.Context, former, wrapped map[string][]byte) error
}

// Mark is a place among the attestations of a key.
type Mark struct {
	ExpiresAt time.Time
	JTI       string
}
