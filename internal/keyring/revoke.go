package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"cocarde.example/attest"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

const (
	page      = 200                    // attestations that are taken back in one transaction
	sweepFor  = 200 * time.Millisecond // in one beat: statuses are to be followed meanwhile
	maxReason = 200
)

// Revoke takes a key out of use at once and for good: it leaves the JWKS, and
// another signs. What it signed is taken back by TakeBack, or by Tend. A key that is
// revoked already stays as it is. early says whether the key that signs now was
// published too short a time ago for every cache to have it.
func (k *Keeper) Revoke(ctx context.Context, kid, reason string) (early bool, err error) {
	if n := utf8.RuneCountInString(reason); n == 0 || n > maxReason || !utf8.ValidString(reason) || !printable(reason) {
		return false, errReason
	}
	for range tries {
		if early, err = k.revoke(ctx, kid, reason); !errors.Is(err, ErrChanged) {
			break
		}
	}
	return early, err
}

// TakeBack revokes everything that a revoked key signed and that has not ended, and
// tells progress how many attestations were looked at so far. It may be called again.
func (k *Keeper) TakeBack(ctx context.Context, kid string, progress func(n int)) error {
	if err := k.mustBeRevoked(ctx, kid); err != nil {
		return err
	}
	done := 0
	for mark, more := k.start(), true; more; {
		n, rest, err := k.sweep(ctx, kid, &mark, byOperator)
		if err != nil {
			return err
		}
		done, more = done+n, rest
		progress(done)
	}
	return nil
}

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func (k *Keeper) revoke(ctx context.Context, kid, reason string) (early bool, err error) {
	all, err := k.List(ctx)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(all, func(key keys.Key) bool { return key.KID == kid })
	if i < 0 {
		return false, errUnknown
	}
	now := k.Now()
	standby := keys.Standby(all)
	early = all[i].State == keys.Active && (standby == nil || now.Before(standby.NotBefore))
	return early, k.change(ctx, all, keys.Revocation(all, kid), now, byOperator, reason)
}

// mustBeRevoked refuses a key that is not.
func (k *Keeper) mustBeRevoked(ctx context.Context, kid string) error {
	all, err := k.List(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(key keys.Key) bool { return key.KID == kid && key.State == keys.Revoked }) {
		return errUnknown.Because(errors.New("none that is revoked"))
	}
	return nil
}

// Affected calls f with each badge that was revoked with a key, by whomever, and says
// whether its agent was mailed. What had ended before, or was revoked for another reason,
// is not among them.
func (k *Keeper) Affected(ctx context.Context, kid string, f func(b attest.Badge, mailed bool) error) error {
	if err := k.mustBeRevoked(ctx, kid); err != nil {
		return err
	}
	for mark, more := (Mark{}), true; more; {
		taken, err := k.Store.TakenBack(ctx, kid, mark, page)
		if err != nil {
			return fmt.Errorf("read what was taken back: %w", err)
		}
		for _, s := range taken {
			mail, err := k.Mail(s.Badge)
			if err := f(s.Badge, err == nil && mail != nil); err != nil {
				return err
			}
		}
		if more = len(taken) == page; more {
			mark = markOf(taken)
		}
	}
	return nil
}

// sweepSome goes on with what a revocation has left, for a while; done says that
// nothing is left.
func (k *Keeper) sweepSome(ctx context.Context, all []keys.Key) (done bool, err error) {
	began := k.Now()
	for _, key := range all {
		if key.State != keys.Revoked || key.TakenBack {
			continue
		}
		if k.sweeping != key.KID {
			k.sweeping, k.swept = key.KID, k.start()
		}
		for more := true; more; {
			if k.Now().Sub(began) > sweepFor {
				return false, nil
			}
			if _, more, err = k.sweep(ctx, key.KID, &k.swept, bySelf); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// start is where a sweep begins: what has ended needs no revocation.
func (k *Keeper) start() Mark { return Mark{ExpiresAt: k.Now()} }

func markOf(signed []Signed) Mark {
	last := signed[len(signed)-1]
	return Mark{last.ExpiresAt, last.JTI}
}

// sweep takes back one page of what a key signed, and moves the mark on.
func (k *Keeper) sweep(ctx context.Context, kid string, mark *Mark, by string) (n int, more bool, err error) {
	signed, err := k.Store.SignedBy(ctx, kid, *mark, page)
	if err != nil {
		return 0, false, fmt.Errorf("read what a key signed: %w", err)
	}
	if len(signed) > 0 {
		all := make([]Taking, len(signed))
		for i, s := range signed {
			all[i] = k.taking(s)
		}
		if err := k.Store.TakeBack(ctx, k.Now(), by, all); err != nil {
			return 0, false, fmt.Errorf("take back what a key signed: %w", err)
		}
		*mark = markOf(signed)
	}
	if len(signed) == page {
		return len(signed), true, nil
	}
	return len(signed), false, k.Store.AllTakenBack(ctx, kid)
}

// taking writes the mail too; that it cannot be written keeps nothing from being revoked.
func (k *Keeper) taking(s Signed) Taking {
	t := Taking{JTI: s.JTI, BadgeID: s.BadgeID}
	if !s.Latest || s.Badge.Status == verify.Revoked {
		return t
	}
	var err error
	if t.Mail, err = k.Mail(s.Badge); err != nil {
		k.Log.Error("the agent of a badge that is revoked with its key gets no mail", slog.String("badge", s.BadgeID), slog.Any("error", err))
	}
	return t
}
