package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"cocarde.example/test/postgres"
)

// How much of everything there is in a round.
const (
	killsInRound = 25
	agents       = 12
	auditors     = 2
	listSize     = 128             // indices of a status list, else 2^20
	roundTime    = 5 * time.Minute // at most
)

// tally is what came of the rounds on one database.
type tally struct {
	database string
	prepare  func(*testing.T) func() ground // for each round one

	rounds, processes, databases, attestations, changes, losses int
}

func TestTorture(t *testing.T) {
	t.Parallel()
	first := *seed
	if first == 0 {
		first = rand.Uint64N(1_000_000)
	}
	all := []*tally{
		{database: "SQLite", prepare: func(t *testing.T) func() ground { return func() ground { return newSQLite(t.TempDir()) } }},
		{database: "PostgreSQL", prepare: func(t *testing.T) func() ground {
			s := postgres.New(t)
			return func() ground { return newPostgres(t, s) }
		}},
	}
	t.Cleanup(func() { report(all) })
	for _, sum := range all {
		t.Run(sum.database, func(t *testing.T) {
			t.Parallel()
			next := sum.prepare(t)
			for left, round := *kills/len(all), first; left > 0; round++ {
				n := min(left, killsInRound)
				sum.torture(t, next(), round, n)
				left -= n
			}
		})
	}
}

// torture is one round.
func (sum *tally) torture(t *testing.T, g ground, seed uint64, kills int) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), roundTime)
	defer cancel()
	w, err := newWorld(ctx, g, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k := &killer{world: w, dice: newDice(seed, "killer"), left: kills}
	if err := errors.Join(w.round(ctx, k, seed), w.close()); err != nil {
		w.journal.lose("%v", err)
	}
	losses := w.journal.lost()
	for _, loss := range losses {
		t.Errorf("%s, round with seed %d: %s", sum.database, seed, loss)
	}
	attestations, changes := w.journal.counts()
	sum.rounds++
	sum.processes += k.processes
	sum.databases += k.databases
	sum.attestations += attestations
	sum.changes += changes
	sum.losses += len(losses)
	if testing.Verbose() {
		fmt.Printf("%-10s seed %-7d %3d kills, %4d attestations, %4d changes, %d losses in %4.1f s; %4d kills so far\n", sum.database,
			seed, k.processes+k.databases, attestations, changes, len(losses), time.Since(began).Seconds(), sum.processes+sum.databases)
	}
}

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
	done := make(chan struct{})
	f := &follower{world: w}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Whoever fails stops all others.
	must := func(f func() error) func() error {
		return func() error {
			err := f()
			if err != nil {
				cancel(err)
			}
			return err
		}
	}
	all := []func() error{
		must(func() error { defer close(done); return k.rage(ctx) }),
	}
	for i := range agents {
		dice := newDice(seed, "agent-"+strconv.Itoa(i))
		all = append(all, must(func() error { return w.come(ctx, dice, done) }))
	}
	for _, u := range w.auditors {
		all = append(all, must(func() error { return u.work(ctx, done) }))
	}
	all = append(all, must(func() error { return f.follow(ctx, done) }))
	if err := everybody(all...); err != nil {
		return context.Cause(ctx)
	}
	return (&checker{world: w, seen: f.seen}).check(ctx)
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

// report prints what came of all rounds.
func report(all []*tally) {
	if !testing.Verbose() {
		return
	}
	fmt.Printf("\n%-10s %7s %10s %9s %13s %8s %7s\n", "DATABASE", "ROUNDS", "PROCESSES", "SERVERS", "ATTESTATIONS", "CHANGES", "LOSSES")
	for _, s := range all {
		fmt.Printf("%-10s %7d %10d %9d %13d %8d %7d\n", s.database, s.rounds, s.processes, s.databases, s.attestations, s.changes, s.losses)
	}
	fmt.Println("Processes and database servers that were killed; attestations and changes that were acknowledged; what was lost of them.")
}
