package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"cocarde.example/test/postgres"
)

// Bounds of one round.
const (
	killsInRound = 25
	roundTime    = 5 * time.Minute
)

// tally is what came of the rounds on one database.
type tally struct {
	database string
	prepare  func(*testing.T) func() ground // for each round one

	rounds, processes, databases, cut, attestations, changes, losses int
	deeds                                                            map[string]int
}

func TestTorture(t *testing.T) {
	t.Parallel()
	first := *seed
	if first == 0 {
		first = rand.Uint64N(1_000_000)
	}
	all := []*tally{
		{database: "SQLite", deeds: map[string]int{}, prepare: func(t *testing.T) func() ground { return func() ground { return newSQLite(t.TempDir()) } }},
		{database: "PostgreSQL", deeds: map[string]int{}, prepare: func(t *testing.T) func() ground {
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
			for _, deed := range deeds {
				if sum.deeds[deed] == 0 {
					t.Errorf("%s: nothing was %s: that was not tried", sum.database, deed)
				}
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
	w.thorough = true
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
	sum.cut += int(w.cut.Load())
	sum.attestations += attestations
	sum.changes += changes
	sum.losses += len(losses)
	w.addDeeds(sum.deeds)
	if testing.Verbose() {
		fmt.Printf("%-10s seed %-7d %3d kills, %4d attestations, %4d changes, %d losses in %4.1f s; %4d kills so far\n", sum.database,
			seed, k.processes+k.databases, attestations, changes, len(losses), time.Since(began).Seconds(), sum.processes+sum.databases)
	}
}

// report prints what came of all rounds.
func report(all []*tally) {
	if !testing.Verbose() {
		return
	}
	fmt.Printf("\n%-10s %7s %10s %9s %8s %13s %8s %7s\n",
		"DATABASE", "ROUNDS", "PROCESSES", "SERVERS", "CUT OFF", "ATTESTATIONS", "CHANGES", "LOSSES")
	for _, s := range all {
		fmt.Printf("%-10s %7d %10d %9d %8d %13d %8d %7d\n",
			s.database, s.rounds, s.processes, s.databases, s.cut, s.attestations, s.changes, s.losses)
	}
	fmt.Println(`Processes and database servers that were killed, and the calls that this cut off;
attestations and changes that were acknowledged, and what was lost of them.`)
	for _, s := range all {
		reportDeeds(s.database, s.deeds)
	}
}

// struck counts the commands that were killed, beside the deeds.
const struck = "commands killed"

// addDeeds adds what was acknowledged in a round.
func (w *world) addDeeds(sum map[string]int) {
	for deed, n := range w.journal.deeds {
		sum[deed] += n
	}
	sum[struck] += int(w.struck.Load())
}

func reportDeeds(database string, sum map[string]int) {
	fmt.Printf("%s, acknowledged: badges", database)
	for i, deed := range deeds {
		if deed == rotated {
			fmt.Print("; keys")
		}
		fmt.Printf(" %s %d", deed, sum[deed])
		if i < len(deeds)-1 && deeds[i+1] != rotated {
			fmt.Print(",")
		}
	}
	fmt.Printf("; %s %d\n", struck, sum[struck])
}
