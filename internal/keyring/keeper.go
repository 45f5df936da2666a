package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/keys"
)

// Refusals of an operator's commands; each says what to do.
var (
	errTooNew = fault.New(fault.Conflict, "key_too_new",
		"The standby was announced too short a time ago: whoever keeps the former keys in a cache could not check what it signs. Rotate once its time has come; if the active key has leaked, revoke it.")
	errUnknown = fault.New(fault.NotFound, "key_unknown",
		"There is no such key. cocarde keys list names them all.")
	errReason = fault.New(fault.Invalid, "key_reason",
		"Say why the key is revoked, in 1 to 200 characters on one line. The reason is published.")
)

const (
	bySelf     = "cocarde"
	byOperator = "operator"
	lookAgain  = time.Hour // between two looks at what is due
	tries      = 5         // against others who change the keys at the same time
)

// Config is what a Keeper is made of.
type Config struct {
	Store  Store
	Sealer *keys.Sealer
	Ring   *Keyring // what tells that the keys have changed
	// Mail writes to the agent of a badge that is revoked with its key; nil where
	// the mailbox is not known any more.
	Mail func(attest.Badge) (*attest.OutboxEntry, error)
	Now  func() time.Time
	Log  *slog.Logger
}

// Keeper changes the keys.
type Keeper struct {
	Config
	seen     *keys.Ring // as it was when all that was due was done,
	lookAt   time.Time  // and when to look again
	sweeping string     // the key whose signatures are being taken back,
	swept    Mark       // and how far
}

// NewKeeper makes a Keeper.
func NewKeeper(c Config) *Keeper { return &Keeper{Config: c} }

// Tend does what is due; it is for the one process that holds the lease, and for
// one goroutine. What takes long is done a part at each call.
func (k *Keeper) Tend(ctx context.Context) error {
	now := k.Now()
	if ring := k.Ring.Ring(); ring != k.seen {
		k.seen, k.lookAt = ring, now
	}
	if now.Before(k.lookAt) {
		return nil
	}
	all, err := k.Store.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	due, err := k.due(ctx, all, now)
	if err != nil {
		return err
	}
	if err := k.change(ctx, all, due, now, bySelf, ""); err != nil && !errors.Is(err, ErrChanged) {
		return err
	}
	done, err := k.sweepSome(ctx, all)
	if done {
		k.lookAt = now.Add(lookAgain)
	}
	return err
}

func (k *Keeper) due(ctx context.Context, all []keys.Key, now time.Time) ([]keys.Transition, error) {
	last := map[string]time.Time{}
	for _, key := range all {
		if key.State != keys.Retired {
			continue
		}
		end, err := k.Store.LastExpiry(ctx, key.KID)
		if err != nil {
			return nil, fmt.Errorf("read what a key signed: %w", err)
		}
		last[key.KID] = end
	}
	return keys.Due(all, func(kid string) time.Time { return last[kid] }, now), nil
}

// List gives every key that is not gone, oldest first.
func (k *Keeper) List(ctx context.Context) ([]keys.Key, error) { return k.Store.SigningKeys(ctx) }

// Rotate makes the standby the active key before its time, and announces another.
// It names the key that signs now.
func (k *Keeper) Rotate(ctx context.Context) (kid string, err error) {
	all, err := k.List(ctx)
	if err != nil {
		return "", err
	}
	now, standby := k.Now(), keys.Standby(all)
	if standby == nil || now.Before(standby.NotBefore) {
		return "", tooNew(standby)
	}
	err = k.change(ctx, all, keys.Succession(all), now, byOperator, "")
	if errors.Is(err, ErrChanged) { // another has just rotated: the new standby is too new
		err = errTooNew.Because(err)
	}
	return standby.KID, err
}

func tooNew(standby *keys.Key) error {
	if standby == nil {
		return errTooNew.Because(errors.New("no standby is announced yet; cocarde serve does that"))
	}
	return errTooNew.Because(fmt.Errorf("%s may sign from %s", standby.KID, standby.NotBefore.Format(time.RFC3339)))
}

// change makes transitions of the keys as they were read.
func (k *Keeper) change(ctx context.Context, all []keys.Key, steps []keys.Transition, now time.Time, by, reason string) error {
	if len(steps) == 0 {
		return nil
	}
	changes := make([]Change, len(steps))
	for n, step := range steps {
		key, err := k.before(all, step, now)
		if err != nil {
			return err
		}
		key = step.Apply(key, now, reason)
		changes[n] = Change{From: step.From, Key: key, Event: attest.Event{Kind: happened[step.To], At: now, By: by, KID: key.KID}}
	}
	return k.Store.ChangeKeys(ctx, changes)
}

// before gives the key that a step is about, made where it is new.
func (k *Keeper) before(all []keys.Key, step keys.Transition, now time.Time) (keys.Key, error) {
	if step.From == keys.Unborn {
		return keys.Announce(k.Sealer, now)
	}
	return all[slices.IndexFunc(all, func(key keys.Key) bool { return key.KID == step.KID })], nil
}

// Announced gives the events of the first keys of an issuer.
func Announced(first []keys.Key, now time.Time) []attest.Event {
	events := make([]attest.Event, len(first))
	for n, key := range first {
		events[n] = attest.Event{Kind: attest.EventKeyAnnounced, At: now, By: bySelf, KID: key.KID}
	}
	return events
}

var happened = map[keys.State]attest.EventKind{
	keys.Announced: attest.EventKeyAnnounced, keys.Active: attest.EventKeyActivated, keys.Retired: attest.EventKeyRetired,
	keys.Revoked: attest.EventKeyRevoked, keys.Gone: attest.EventKeyGone,
}
