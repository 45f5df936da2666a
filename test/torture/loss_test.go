package torture

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/sync/errgroup"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/test/postgres"
	"cocarde.example/verify"
)

// lossTally is what came of the databases that were lost.
type lossTally struct {
	database string
	prepare  func(*testing.T) func() ground

	lost, kills, events, repeated, indices, keys, erased, losses int
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
		{database: "SQLite", prepare: func(t *testing.T) func() ground { return func() ground { return newSQLite(t.TempDir()) } }},
		{database: "PostgreSQL", prepare: func(t *testing.T) func() ground {
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
	sum.kills += l.killer.processes + l.killer.databases + l.keeper.kills
	sum.events += len(l.before.events)
	sum.repeated += l.done.Events
	sum.indices += len(l.before.entries)
	sum.keys += len(l.before.keys)
	sum.erased += len(l.before.erased)
	sum.losses += len(w.journal.lost())
}

type loss struct {
	*world
	killer *killer
	keeper *keeper
	leaver *leaver
	dice   *rand.Rand
	before remains // of the database that was lost
	done   app.Recovery
}

func (l *loss) round(ctx context.Context, next func() ground, seed uint64) error {
	if err := errors.Join(l.killer.found(ctx), l.shrink(ctx)); err != nil {
		return err
	}
	for i := range auditors {
		name := fmt.Sprintf("desk-%d", i)
		l.auditors = append(l.auditors, &auditor{world: l.world, name: name, dice: newDice(seed, name)})
	}
	l.keeper = &keeper{world: l.world, dice: newDice(seed, "keeper")}
	l.leaver = &leaver{world: l.world, dice: newDice(seed, "leaver")}
	l.others = []worker{l.keeper, l.leaver}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	var backup errgroup.Group
	some, ended := 1+l.dice.IntN(agents), make(chan struct{})
	backup.Go(func() error { return l.backup(ctx, some, ended, identity) })
	err = l.work(ctx, l.killer, &follower{world: l.world}, seed)
	close(ended)
	if err := errors.Join(err, backup.Wait()); err != nil {
		return err
	}
	if err := l.killInWork(ctx, seed+1); err != nil {
		return err
	}
	if l.before, err = look(ctx, l.ground); err != nil {
		return err
	}
	l.ground = next() // whatever stood in the former is lost
	if err := l.restore(ctx, identity); err != nil {
		return err
	}
	after, err := look(ctx, l.ground)
	if err != nil {
		return err
	}
	l.compare(after)
	if err := l.checkGone(ctx); err != nil {
		return err
	}
	return l.goOn(ctx, seed+2)
}

func (l *loss) config(name string) (config.Config, error) { return config.Load("", l.settings(name)) }

// backup takes one once there are some badges, while others work and are killed. Where
// the database is away meanwhile it is taken again.
func (l *loss) backup(ctx context.Context, badges int, ended <-chan struct{}, identity *age.X25519Identity) error {
	for n := 0; n < badges; n, _ = l.journal.counts() {
		select {
		case <-ended:
			badges = 0
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c, err := l.config("backup")
	if err != nil {
		return err
	}
	for {
		err := app.BackupDatabase(ctx, c, l.file(), nil, app.Recipients{Keys: []string{identity.Recipient().String()}}, func(int64, int64) {})
		if err == nil { // so that there is something that it lacks
			l.leaver.withdrawn.Store(0)
			l.leaver.erased.Store(0)
		}
		if err == nil || !l.ground.mayBeAway() {
			return err
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

func (l *loss) file() string { return filepath.Join(l.dir, "backup.age") }

// killInWork lets everybody work again, and kills every process in the middle of it.
func (l *loss) killInWork(ctx context.Context, seed uint64) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	var all errgroup.Group
	never := make(chan struct{})
	for _, u := range l.auditors {
		all.Go(func() error { return u.work(working, never) })
	}
	for _, o := range l.others {
		all.Go(func() error { return o.work(working, never) })
	}
	for i := range agents {
		dice := newDice(seed, fmt.Sprintf("agent-%d", i))
		all.Go(func() error { return l.come(working, dice, never) })
	}
	err := wait(ctx, time.Duration(l.dice.Int64N(int64(2*anyMoment))))
	for _, s := range l.servers {
		s.kill()
		l.killer.count()
	}
	stop()
	if failed := all.Wait(); !errors.Is(failed, context.Canceled) {
		err = errors.Join(err, failed)
	}
	return err
}

func (l *loss) restore(ctx context.Context, identity *age.X25519Identity) error {
	key := filepath.Join(l.dir, "identity")
	if err := os.WriteFile(key, []byte(identity.String()), 0o600); err != nil {
		return err
	}
	c, err := l.config("restore")
	if err != nil {
		return err
	}
	l.done, err = app.RestoreDatabase(ctx, c, app.Restoring{File: l.file(), Identity: key, Progress: func(int64, int64) {}})
	return err
}

// remains are what others have seen of a database, or could have.
type remains struct {
	events  []numbered
	entries map[place]verify.Status
	owners  map[place]string // jti
	keys    []string         // kids of those whose revocation was numbered
	erased  []string         // ids of the badges whose erasure was
}

func look(ctx context.Context, g ground) (r remains, err error) {
	db, err := g.open(false)
	if err != nil {
		return r, err
	}
	defer db.Close()
	s := state{requests: map[string]storedRequest{}, badges: map[string]storedBadge{}, entries: map[place]verify.Status{}}
	if err := s.loadEntries(ctx, db); err != nil {
		return r, err
	}
	r.entries, r.owners = s.entries, map[place]string{}
	all, err := s.loadAttestations(ctx, db)
	for _, a := range all {
		r.owners[a.At] = a.JTI
	}
	if err != nil {
		return r, err
	}
	if r.events, err = numberedAfter(ctx, db, 0); err != nil {
		return r, err
	}
	if r.keys, err = texts(ctx, db, `SELECT kid FROM events WHERE kind = 'key_revoked' AND seq IS NOT NULL`); err != nil {
		return r, err
	}
	r.erased, err = texts(ctx, db, `SELECT badge_id FROM events WHERE kind = 'erased' AND seq IS NOT NULL`)
	return r, err
}

func texts(ctx context.Context, db *sql.DB, query string, args ...any) ([]string, error) {
	return list(ctx, db, func(row *sql.Rows) (s string, err error) { return s, row.Scan(&s) }, query, args...)
}

// published gives the status of an attestation as the numbered events tell it.
func (r remains) published(jti string) (status verify.Status) {
	for _, e := range r.events {
		if e.JTI == jti {
			status, _ = statusAfter(e.Kind)
		}
	}
	return status
}

// compare notes what is forgotten.
func (l *loss) compare(after remains) {
	for n, e := range l.before.events {
		if n >= len(after.events) {
			l.journal.lose("event %d was published, and is forgotten: %+v", n+1, e)
			continue
		}
		got := after.events[n]
		if got.By == "record" { // who acted is told to nobody
			e.By = got.By
		}
		if got != e {
			l.journal.lose("event %d was %+v, and is %+v", n+1, e, got)
		}
	}
	for at, was := range l.before.entries {
		status, taken := after.entries[at]
		jti, owned := after.owners[at]
		switch published := l.before.published(jti); {
		case !taken:
			l.journal.lose("the index %v was given out, and is free", at)
		case !owned && status != revoked:
			l.journal.lose("the index %v lost its attestation, and is %v", at, status)
		case owned && (jti != l.before.owners[at] || status != published && status != was):
			l.journal.lose("the index %v of %s was %v, published as %v, and is %v", at, jti, was, published, status)
		}
	}
}

// checkGone: a key that was revoked signs nothing, and of a badge that was erased
// nothing says whom it named.
func (l *loss) checkGone(ctx context.Context) error {
	db, err := l.ground.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	back, err := texts(ctx, db, `SELECT kid FROM signing_keys WHERE state <> 'revoked'`)
	if err != nil {
		return err
	}
	named, err := texts(ctx, db, `SELECT id FROM badges WHERE handle <> '' OR actor_id <> '' OR length(mailbox) > 0
		OR length(mailbox_key) > 0 OR length(own_key) > 0 OR account_vrf IS NOT NULL OR token <> '' OR holds`)
	if err != nil {
		return err
	}
	for _, kid := range l.before.keys {
		if slices.Contains(back, kid) {
			l.journal.lose("the key %s was revoked, and is not", kid)
		}
	}
	for _, id := range l.before.erased {
		if slices.Contains(named, id) {
			l.journal.lose("the badge %s was erased, and is not", id)
		}
	}
	return nil
}

// goOn starts servers on what was restored, and lets an agent go the whole way.
func (l *loss) goOn(ctx context.Context, seed uint64) error {
	if err := l.startAll(ctx); err != nil {
		return err
	}
	a, err := l.newAgent(newDice(seed, "last"))
	if err != nil {
		return err
	}
	a.former, a.mailbox = nil, "last."+a.mailbox
	if err := a.attested(ctx); err != nil {
		return err
	}
	end, err := look(ctx, l.ground)
	if err != nil {
		return err
	}
	for at, jti := range end.owners {
		if was, given := l.before.entries[at]; given && l.before.owners[at] != jti {
			l.journal.lose("the index %v, which was given out and is %v, is given to %s too", at, was, jti)
		}
	}
	return nil
}
