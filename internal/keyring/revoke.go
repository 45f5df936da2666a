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
	if _, err := k.revoked(ctx, kid); err != nil {
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

// revoked finds a key that must be revoked.
func (k *Keeper) revoked(ctx context.Context, kid string) (keys.Key, error) {
	all, err := k.List(ctx)
	if err != nil {
		return keys.Key{}, err
	}
	i := slices.IndexFunc(all, func(key keys.Key) bool { return key.KID == kid && key.State == keys.Revoked })
	if i < 0 {
		return keys.Key{}, errUnknown.Because(errors.New("none that is revoked"))
	}
	return all[i], nil
}

// Affected calls f with each badge that was revoked with a key: those whose latest
// attestation it signed, and that had not ended by themselves at the time.
func (k *Keeper) Affected(ctx context.Context, kid string, f func(attest.Badge) error) error {
	key, err := k.revoked(ctx, kid)
	if err != nil {
		return err
	}
	mark := Mark{ExpiresAt: key.RevokedAt}
	for {
		signed, err := k.Store.SignedBy(ctx, kid, mark, page)
		if err != nil {
			return err
		}
		for _, s := range signed {
			if s.Latest && s.Badge.Status == verify.Revoked {
				if err := f(s.Badge); err != nil {
					return err
				}
			}
		}
		if len(signed) < page {
			return nil
		}
		mark = markOf(signed)
	}
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
