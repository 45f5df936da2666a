package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// How many there are in a round.
const (
	agents   = 8
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

// duties are what the first agents do where all is to be done, until it is acknowledged.
var duties = []string{renewed, withdrawn, erased}

// work goes on until the killer is done, and everybody has come to an end.
func (w *world) work(ctx context.Context, k *killer, f *follower, seed uint64) error {
	done := make(chan struct{})
	g, ctx := errgroup.WithContext(ctx) // whoever fails stops all others
	g.Go(func() error {
		defer close(done)
		return k.rage(ctx)
	})
	g.Go(func() error { return f.follow(ctx, done) })
	g.Go(func() error { return newOperator(w, seed).work(ctx, done) })
	for _, u := range w.auditors {
		g.Go(func() error { return u.work(ctx, done) })
	}
	for i := range agents {
		dice := newDice(seed, "agent-"+strconv.Itoa(i))
		duty := ""
		if w.thorough && i < len(duties) {
			duty = duties[i]
		}
		g.Go(func() error { return w.come(ctx, dice, duty, done) })
	}
	return g.Wait()
}

// come sends one agent after another, until done is closed and the duty is done.
func (w *world) come(ctx context.Context, dice *rand.Rand, duty string, done <-chan struct{}) error {
	for {
		select {
		case <-done:
			if duty == "" {
				return nil
			}
		default:
		}
		a, err := w.oneComes(dice, duty)
		if err != nil {
			return err
		}
		err = a.lives(ctx, duty)
		switch {
		case err == nil:
			duty = ""
		case !errors.Is(err, errInTheWay):
			return fmt.Errorf("%s: %w", a.account.Handle(), err)
		}
	}
}

// oneComes gives a new agent or, one time in three, one who has a badge.
func (w *world) oneComes(dice *rand.Rand, duty string) (*agent, error) {
	if duty == "" && dice.IntN(3) == 0 {
		if b := w.journal.take(dice); b != nil {
			return w.comesBack(b, dice), nil
		}
	}
	return w.newAgent(dice)
}

// lives has an agent get a badge, or do with the one that it has what is its duty, or
// what the dice say.
func (a *agent) lives(ctx context.Context, duty string) error {
	deed := duty
	if a.badge == nil {
		if err := a.attested(ctx); err != nil {
			return err
		}
	} else {
		deed = []string{renewed, renewed, renewed, seen, withdrawn, erased}[a.dice.IntN(6)]
	}
	defer a.journal.give(a.badge)
	if deed == "" {
		return nil
	}
	return a.does(ctx, deed)
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
