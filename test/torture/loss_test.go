package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"cocarde.example/test/postgres"
)

// lossTally is what came of the databases that were lost.
type lossTally struct {
	database string
	prepare  func(*testing.T) func() ground

	lost, kills, events, repeated, indices, keys, erased, losses int
	deeds                                                        map[string]int
}

// TestTortureLoss loses databases under load and restores them from backups that
// were taken under load.
func TestTortureLoss(t *testing.T) {
	t.Parallel()
	first := *seed
	if first == 0 {
		first = rand.Uint64N(1_000_000)
	}
	all := []*lossTally{
		{database: "SQLite", deeds: map[string]int{}, prepare: func(t *testing.T) func() ground { return func() ground { return newSQLite(t.TempDir()) } }},
		{database: "PostgreSQL", deeds: map[string]int{}, prepare: func(t *testing.T) func() ground {
			s := postgres.New(t)
			return func() ground { return newPostgres(t, s) }
		}},
	}
	t.Cleanup(func() { reportLosses(all) })
	for _, sum := range all {
		t.Run(sum.database, func(t *testing.T) {
			t.Parallel()
			next := sum.prepare(t)
			for n := range uint64(max(1, *kills/killsInRound/len(all))) {
				sum.lose(t, next, first+n)
			}
		})
	}
}

func reportLosses(all []*lossTally) {
	if !testing.Verbose() {
		return
	}
	fmt.Printf("\n%-10s %9s %6s %7s %9s %8s %5s %7s %7s\n", "DATABASE", "DATABASES", "KILLS", "EVENTS", "REPEATED", "INDICES", "KEYS", "ERASED", "LOSSES")
	for _, s := range all {
		fmt.Printf("%-10s %9d %6d %7d %9d %8d %5d %7d %7d\n", s.database, s.lost, s.kills, s.events, s.repeated, s.indices, s.keys, s.erased, s.losses)
	}
	fmt.Println(`Databases that were lost and restored, the processes and servers killed before, the
events that had been published, those that the backup lacked, the indices that had
been given out, the keys revoked, the badges erased, and what was forgotten of all these.`)
	for _, s := range all {
		reportDeeds(s.database, s.deeds)
	}
}

// lose is one round: work and kills, a backup meanwhile, the loss, the restore.
func (sum *lossTally) lose(t *testing.T, next func() ground, seed uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), roundTime)
	defer cancel()
	w, err := newWorld(ctx, next(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := &loss{world: w, killer: &killer{world: w, dice: newDice(seed, "killer"), left: killsInRound / 3}, dice: newDice(seed, "loss")}
	if err := errors.Join(l.round(ctx, next, seed), w.close()); err != nil {
		w.journal.lose("%v", err)
	}
	for _, forgotten := range w.journal.lost() {
		t.Errorf("%s, round with seed %d: %s", sum.database, seed, forgotten)
	}
	sum.lost++
	sum.kills += l.killer.processes + l.killer.databases + int(w.struck.Load())
	sum.events += len(l.before.events)
	sum.repeated += l.done.Events
	sum.indices += len(l.before.entries)
	sum.keys += len(l.before.keys)
	sum.erased += len(l.before.erased)
	sum.losses += len(w.journal.lost())
	w.addDeeds(sum.deeds)
}
