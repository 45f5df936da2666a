package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/keys"
)

// roleKeys is cocarde keys revoke, of whichever key signs.
const roleKeys = "keys"

// keeper revokes the key that signs, again and again, by a command that is killed half
// of the time.
type keeper struct {
	*world
	dice *rand.Rand

	revoked, kills int // keys by commands that ended well, and the others
}

// Bounds of the keeper's moments.
const (
	keyTime  = 2 * time.Second // from one command to the next
	inRevoke = 400 * time.Millisecond
)

func (k *keeper) work(ctx context.Context, done <-chan struct{}) error {
	for {
		select {
		case <-done:
			if k.revoked > 0 {
				return nil
			}
		default:
		}
		if err := errors.Join(wait(ctx, time.Duration(k.dice.Int64N(int64(keyTime)))), k.revoke(ctx)); err != nil {
			return err
		}
	}
}

// revoke has one command at work. It fails only where the database is away.
func (k *keeper) revoke(ctx context.Context) error {
	p, err := spawn(roleKeys, k.settings("keys"))
	if err != nil {
		return err
	}
	late := time.NewTimer(patience)
	if k.dice.IntN(2) == 0 {
		late.Reset(time.Duration(k.dice.Int64N(int64(inRevoke))))
	}
	defer late.Stop()
	select {
	case <-p.ended:
	case <-late.C:
	case <-ctx.Done():
	}
	p.kill()
	switch status := p.cmd.ProcessState; {
	case !status.Exited():
		k.kills++
	case status.Success():
		k.revoked++
	case !k.ground.mayBeAway():
		k.journal.lose("a key cannot be revoked: %s", p.how())
	}
	return errors.Join(ctx.Err(), k.ground.settled(ctx, "keys"))
}

func playKeys(ctx context.Context, cfg config.Config) error {
	d, err := app.OpenDesk(ctx, cfg)
	if err != nil {
		return err
	}
	all, err := d.Keys.List(ctx)
	if err != nil {
		return errors.Join(err, d.Close())
	}
	signs := slices.IndexFunc(all, func(k keys.Key) bool { return k.State == keys.Active })
	if signs < 0 {
		return errors.Join(fmt.Errorf("no key signs"), d.Close())
	}
	if _, err = d.Keys.Revoke(ctx, all[signs].KID, "it leaked"); err == nil {
		err = d.Keys.TakeBack(ctx, all[signs].KID, func(int) {})
	}
	return errors.Join(err, d.Close())
}
