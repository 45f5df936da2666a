package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// killer ends processes and servers at moments of its choice.
type killer struct {
	*world
	dice  *rand.Rand
	left  int           // kills of this round that are still to be made
	usual time.Duration // that a start takes

	processes, databases int // killed
}

// Bounds of the moments, counted from the last start or from a step.
const (
	anyMoment  = 600 * time.Millisecond
	justAfter  = 12 * time.Millisecond
	inStopping = 30 * time.Millisecond
	absence    = 2 * time.Second // of a server, while another serves
)

func (k *killer) upTo(d time.Duration) time.Duration {
	return time.Duration(k.dice.Int64N(int64(d) + 1))
}
func (k *killer) chance(oneIn int) bool { return k.dice.IntN(oneIn) == 0 }

// rage kills until none of the round's kills is left. Everybody is up after it.
func (k *killer) rage(ctx context.Context) error {
	for k.left > 0 {
		if err := k.moment(ctx); err != nil {
			return err
		}
		if err := k.strike(ctx); err != nil {
			return err
		}
	}
	return nil
}

// moment waits for any moment or, half of the time, for one just after a step.
func (k *killer) moment(ctx context.Context) error {
	if err := wait(ctx, k.upTo(anyMoment)); err != nil || k.chance(2) {
		return err
	}
	late := time.NewTimer(anyMoment)
	defer late.Stop()
	select {
	case <-k.aim.next(steps[k.dice.IntN(len(steps))]):
	case <-late.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return wait(ctx, k.upTo(justAfter))
}

// strike kills somebody.
func (k *killer) strike(ctx context.Context) error {
	if k.chance(3) {
		if crashed, err := k.crash(ctx); crashed || err != nil {
			return err
		}
	}
	s := k.servers[k.dice.IntN(len(k.servers))]
	switch what := k.dice.IntN(10); {
	case what < 2:
		u := k.auditors[k.dice.IntN(len(k.auditors))]
		if desk := u.now(); desk != nil && !desk.gone() {
			desk.kill()
			k.count()
		}
		return nil
	case what < 3:
		return k.killAll(ctx)
	case what < 5:
		return k.killStopping(ctx, s)
	}
	s.kill()
	k.count()
	return k.revive(ctx, s)
}

func (k *killer) count() {
	k.processes++
	k.left--
}

// crash kills the database server, if there is one.
func (k *killer) crash(ctx context.Context) (crashed bool, err error) {
	crashed, err = k.ground.crash(ctx)
	if crashed {
		k.databases++
		k.left--
	}
	return crashed, err
}

// killAll kills every process at once, so that nobody keeps the database open, and
// sometimes the database server after them.
func (k *killer) killAll(ctx context.Context) error {
	var all sync.WaitGroup
	for _, u := range k.auditors {
		if desk := u.now(); desk != nil && !desk.gone() {
			all.Go(desk.kill)
			k.count()
		}
	}
	for _, s := range k.servers {
		all.Go(s.kill)
		k.count()
	}
	all.Wait()
	if k.chance(3) {
		if _, err := k.crash(ctx); err != nil {
			return err
		}
	}
	return k.startAll(ctx)
}

// killStopping asks a server to stop, and does not wait for that.
func (k *killer) killStopping(ctx context.Context, s *server) error {
	s.process.stop()
	late := time.NewTimer(k.upTo(inStopping))
	defer late.Stop()
	select {
	case <-s.process.ended:
	case <-late.C:
	}
	s.kill()
	if status := s.process.cmd.ProcessState; !status.Exited() {
		k.count()
	} else if !status.Success() {
		k.journal.lose("server %d does not stop well: %s", s.number, s.process.how())
	}
	return k.revive(ctx, s)
}

// revive starts a server, which may be killed while it starts. Where another serves
// it sometimes stays away for a while.
func (k *killer) revive(ctx context.Context, s *server) error {
	if len(k.servers) > 1 && k.chance(4) {
		if err := wait(ctx, k.upTo(absence)); err != nil {
			return err
		}
	}
	for k.left > 0 && k.chance(5) {
		if err := k.interrupt(ctx, s); err != nil {
			return err
		}
	}
	began := time.Now()
	err := s.start(ctx)
	k.usual = time.Since(began)
	return err
}

// interrupt starts servers at once and kills them before they are up.
func (k *killer) interrupt(ctx context.Context, servers ...*server) error {
	k.secret.RLock()
	defer k.secret.RUnlock()
	for _, s := range servers {
		if err := s.spawn(); err != nil {
			return err
		}
	}
	if err := wait(ctx, k.upTo(k.usual)); err != nil {
		return err
	}
	for _, s := range servers {
		if s.process.gone() {
			return fmt.Errorf("server %d ended while it started: %s", s.number, s.process.how())
		}
		s.kill()
		k.count()
	}
	return nil
}

// How long the first start on an empty database takes, and making its schema, about.
const (
	founding  = 600 * time.Millisecond
	migrating = 200 * time.Millisecond
)

// found makes the schema, starts the servers on the empty database, and kills whoever
// does so some times.
func (k *killer) found(ctx context.Context) error {
	for range k.dice.IntN(3) {
		p, err := spawn(roleMigrate, k.settings("migrate"))
		if err != nil {
			return err
		}
		err = wait(ctx, k.upTo(migrating))
		p.kill()
		if err != nil {
			return err
		}
		if !p.cmd.ProcessState.Exited() {
			k.count()
		}
	}
	if err := k.migrate(); err != nil {
		return err
	}
	k.usual = founding
	for range k.dice.IntN(4) {
		if err := k.interrupt(ctx, k.servers...); err != nil {
			return err
		}
	}
	return k.startAll(ctx)
}

// migrate makes the schema, or what is missing of it.
func (w *world) migrate() error {
	p, err := spawn(roleMigrate, w.settings("migrate"))
	if err != nil {
		return err
	}
	<-p.ended
	if !p.cmd.ProcessState.Success() {
		return fmt.Errorf("the schema cannot be made: %s", p.how())
	}
	return nil
}

func (w *world) startAll(ctx context.Context) error {
	var all errgroup.Group
	for _, s := range w.servers {
		all.Go(func() error { return s.start(ctx) })
	}
	return all.Wait()
}
