package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"golang.org/x/sync/errgroup"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
)

type loss struct {
	*world
	killer *killer
	dice   *rand.Rand
	before remains // of the database that was lost
	done   app.Recovery

	saved []*badge // issued before the backup began, and left alone until it is taken
}

func (l *loss) round(ctx context.Context, next func() ground, seed uint64) error {
	if err := errors.Join(l.killer.found(ctx), l.shrink(ctx)); err != nil {
		return err
	}
	for i := range auditors {
		name := fmt.Sprintf("desk-%d", i)
		l.auditors = append(l.auditors, &auditor{world: l.world, name: name, dice: newDice(seed, name)})
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	var backup errgroup.Group
	at := time.Duration(l.dice.Int64N(int64(4 * anyMoment)))
	backup.Go(func() error { return l.backup(ctx, at, identity) })
	if err := errors.Join(l.work(ctx, l.killer, &follower{world: l.world}, seed), backup.Wait()); err != nil {
		return err
	}
	if err := l.after(ctx); err != nil {
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
	if err := l.stillErased(ctx); err != nil {
		return err
	}
	return l.goOn(ctx, seed+2)
}

func (l *loss) config(name string) (config.Config, error) { return config.Load("", l.settings(name)) }

// backup takes one at any moment while others work and are killed. Where the
// database is away meanwhile it is taken again.
func (l *loss) backup(ctx context.Context, at time.Duration, identity *age.X25519Identity) error {
	if err := wait(ctx, at); err != nil {
		return err
	}
	for len(l.saved) < len(afterBackup) {
		b, err := l.oneBadge(ctx)
		if err != nil {
			return err
		}
		l.saved = append(l.saved, b)
	}
	c, err := l.config("backup")
	if err != nil {
		return err
	}
	for {
		err := app.BackupDatabase(ctx, c, l.file(), nil, app.Recipients{Keys: []string{identity.Recipient().String()}}, func(int64, int64) {})
		if err == nil || !l.ground.mayBeAway() {
			return err
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// oneBadge takes a badge, that of a new agent where nobody has one: those who work may
// have gone by now.
func (l *loss) oneBadge(ctx context.Context) (*badge, error) {
	if b := l.journal.take(l.dice); b != nil {
		return b, nil
	}
	a, err := l.newAgent(l.dice)
	if err != nil {
		return nil, err
	}
	err = a.attested(ctx)
	return a.badge, err
}

func (l *loss) file() string { return filepath.Join(l.dir, "backup.age") }

// afterBackup is what is done in any case with badges that are in the backup.
var afterBackup = []string{withdrawn, erased}

// after has agents withdraw and erase what is in the backup, and waits until that is
// published.
func (l *loss) after(ctx context.Context) error {
	for i, deed := range afterBackup {
		if err := l.comesBack(l.saved[i], l.dice).does(ctx, deed); err != nil {
			return err
		}
	}
	return l.inDatabase(ctx, false, func(db queried) error {
		for n := 1; n > 0; {
			if err := db.QueryRowContext(ctx, `SELECT count(*) FROM events WHERE public AND seq IS NULL`).Scan(&n); err != nil {
				return err
			}
			if err := wait(ctx, pause); err != nil {
				return err
			}
		}
		return nil
	})
}

// killInWork lets everybody work again, and kills every process in the middle of it.
func (l *loss) killInWork(ctx context.Context, seed uint64) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	var all errgroup.Group
	never := make(chan struct{})
	for _, u := range l.auditors {
		all.Go(func() error { return u.work(working, never) })
	}
	all.Go(func() error { return newOperator(l.world, seed).work(working, never) })
	for i := range agents {
		dice := newDice(seed, fmt.Sprintf("agent-%d", i))
		all.Go(func() error { return l.come(working, dice, "", never) })
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

// restore restores the backup with the secret file that was in use when it was made:
// whoever keeps a backup keeps that too.
func (l *loss) restore(ctx context.Context, identity *age.X25519Identity) error {
	key := filepath.Join(l.dir, "identity")
	if err := os.WriteFile(key, []byte(identity.String()), 0o600); err != nil {
		return err
	}
	c, err := l.config("restore")
	if err != nil {
		return err
	}
	secrets, err := filepath.Glob(l.secretFile() + "*")
	if err != nil {
		return err
	}
	for _, c.SecretFile = range secrets {
		l.done, err = app.RestoreDatabase(ctx, c, app.Restoring{File: l.file(), Identity: key, Progress: func(int64, int64) {}})
		if fault.Code(err) != "backup_other_keys" {
			break
		}
	}
	if err != nil || c.SecretFile == l.secretFile() {
		return err
	}
	return os.Rename(c.SecretFile, l.secretFile())
}
