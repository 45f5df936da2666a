package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// How many there are in a round.
const (
	agents   = 12
	auditors = 2
	listSize = 128 // indices of a status list, else 2^20
)

// newDice gives dice of their own to somebody in a round.
func newDice(seed uint64, who string) *rand.Rand {
	var own uint64
	for _, c := range []byte(who) {
		own = own*131 + uint64(c)
	}
	return rand.New(rand.NewPCG(seed, own))
}

// round founds an issuer, lets everybody work while the killer kills, and checks.
func (w *world) round(ctx context.Context, k *killer, seed uint64) error {
	if err := k.found(ctx); err != nil {
		return err
	}
	if err := w.shrink(ctx); err != nil {
		return err
	}
	for i := range auditors {
		name := "desk-" + strconv.Itoa(i)
		w.auditors = append(w.auditors, &auditor{world: w, name: name, dice: newDice(seed, name)})
	}
	f := &follower{world: w}
	if err := w.work(ctx, k, f, seed); err != nil {
		return err
	}
	return (&checker{world: w, seen: f.seen}).check(ctx)
}

// work goes on until the killer is done, and everybody has come to an end.
func (w *world) work(ctx context.Context, k *killer, f *follower, seed uint64) error {
	done := make(chan struct{})
	g, ctx := errgroup.WithContext(ctx) // whoever fails stops all others
	g.Go(func() error {
		defer close(done)
		return k.rage(ctx)
	})
	g.Go(func() error { return f.follow(ctx, done) })
	for _, u := range w.auditors {
		g.Go(func() error { return u.work(ctx, done) })
	}
	for _, o := range w.others {
		g.Go(func() error { return o.work(ctx, done) })
	}
	for i := range agents {
		dice := newDice(seed, "agent-"+strconv.Itoa(i))
		g.Go(func() error { return w.come(ctx, dice, done) })
	}
	return g.Wait()
}

// come sends one agent after another, until done is closed.
func (w *world) come(ctx context.Context, dice *rand.Rand, done <-chan struct{}) error {
	for {
		select {
		case <-done:
			return nil
		default:
		}
		a, err := w.newAgent(dice)
		if err != nil {
			return err
		}
		if err := a.attested(ctx); err != nil {
			return fmt.Errorf("%s: %w", a.account.Handle(), err)
		}
	}
}

// shrink makes the first status list small; those after it are of its size.
func (w *world) shrink(ctx context.Context) error {
	db, err := w.ground.open(true)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `UPDATE status_lists SET size = $1`, listSize)
	return err
}
