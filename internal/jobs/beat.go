package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

const (
	interval    = 250 * time.Millisecond // between looks at what happened
	leaseName   = "jobs"
	leaseFor    = 10 * time.Second
	leaseRenew  = 3 * time.Second
	purgeEvery  = 10 * time.Minute
	remindEvery = 10 * time.Minute
	sayAgain    = time.Minute

	// stepFor bounds a step's wait for the database, and lookFor the reading of
	// what happened. A database that takes no writes must not keep the looks so far
	// apart that statuses get stale.
	stepFor = 2 * time.Second
	lookFor = 10 * time.Second

	deliverAgain = 10 * time.Second // after the outbox itself failed
	finishFor    = 5 * time.Second  // for what is being sent when we are asked to stop
)

// Board follows the numbered events: what this process has in memory of them.
type Board interface {
	Refresh(ctx context.Context) error
}

// Keys follows the events that are about the issuer's keys.
type Keys interface {
	Refresh(ctx context.Context) error
}

// Keeper does what is due in the life of the keys.
type Keeper interface {
	Tend(ctx context.Context) error
}

// Reminder tells agents that their badge ends.
type Reminder interface {
	// Send reminds some, and says whether there may be more to remind.
	Send(ctx context.Context) (more bool, err error)
}

// Publisher signs and stores what changes or is about to end.
type Publisher interface {
	Publish(ctx context.Context) error
}

// Config is what a Runner is made of.
type Config struct {
	Store     Store
	Board     Board
	Keys      Keys
	Keeper    Keeper
	Publisher Publisher
	Reminder  Reminder
	Courier   *Courier
	Mailboxes time.Duration // for which the mailbox of an ended badge is kept
	Holder    string        // names this process among those on the database
	// Now gives monotonic readings, as time.Now does: what this process does when
	// must not change with a clock that is set.
	Now func() time.Time
	Log *slog.Logger
}

// Runner does the periodic work of one process.
type Runner struct {
	Config
	heldUntil atomic.Pointer[time.Time] // end of the lease, as far as we know; nil without one
	renewAt   time.Time
	purgeAt   time.Time
	remindAt  time.Time
	said      string        // code of what went wrong last,
	saidAt    time.Time     // and when the log was told
	published chan struct{} // closed after the first beat that found everything in place
	first     bool
}

// New makes a Runner.
func New(c Config) *Runner {
	return &Runner{Config: c, published: make(chan struct{}), first: true}
}

// Ready is closed once this process has seen the events and, where it holds the
// lease, published what was due.
func (r *Runner) Ready() <-chan struct{} { return r.published }

// Run works until the context ends, finishes what it is sending, and gives the
// lease back: whoever took it over earlier would send the same again.
func (r *Runner) Run(ctx context.Context) {
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	context.AfterFunc(ctx, func() { time.AfterFunc(finishFor, cut) })
	var couriers sync.WaitGroup
	for _, kind := range []attest.OutboxKind{attest.OutboxMail, attest.OutboxRevocation} {
		couriers.Go(func() {
			var again time.Time
			r.every(ctx, func() { r.deliver(sending, kind, &again) })
		})
	}
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		couriers.Wait()
		stop()
	}()
	r.every(beating, func() { r.beat(beating) })
	r.release()
}

// every calls f now and then after each interval, until the context ends.
func (r *Runner) every(ctx context.Context, f func()) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for ctx.Err() == nil {
		f()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
}

// beat is one look. A step that fails is logged and tried again at the next one.
func (r *Runner) beat(ctx context.Context) {
	if err := r.work(ctx); err != nil {
		if ctx.Err() == nil {
			r.say(err)
		}
		return
	}
	r.worked()
}

// worked notes a beat that found everything in place.
func (r *Runner) worked() {
	r.said = ""
	if r.first {
		r.first = false
		close(r.published)
	}
}

// say tells the log what went wrong: once, and again each minute that it lasts.
// There are four beats a second, and what fails may be a full disk.
func (r *Runner) say(err error) {
	now, code := r.Now(), fault.Code(err) // the texts of a network's errors differ each time
	if code == r.said && now.Sub(r.saidAt) < sayAgain {
		return
	}
	r.said, r.saidAt = code, now
	r.Log.Error("periodic work failed; it is tried again", slog.Any("error", err), slog.Any("cause", fault.Cause(err)))
}

// work goes on without a renewed lease: where the database can still be read but
// not written, statuses are known as before.
func (r *Runner) work(ctx context.Context) error {
	looked, leased := r.look(ctx), within(ctx, stepFor, r.lease)
	if looked != nil || leased != nil || !r.holds() {
		return errors.Join(looked, leased)
	}
	// Lists that cannot be signed may be waiting for what is due in the keys' lives.
	err := errors.Join(within(ctx, stepFor, r.Publisher.Publish), within(ctx, stepFor, r.Keeper.Tend))
	if err != nil {
		return err
	}
	return errors.Join(within(ctx, stepFor, r.purge), within(ctx, stepFor, r.remind))
}

// look is every process's own: what happened is seen here even while the lease
// is a dead process's. Events that cannot be numbered may hide a revocation, so
// that without them nothing counts as seen.
func (r *Runner) look(ctx context.Context) error {
	if err := within(ctx, stepFor, r.Store.NumberEvents); err != nil {
		return fmt.Errorf("number events: %w", err)
	}
	if err := within(ctx, lookFor, r.Board.Refresh); err != nil {
		return err
	}
	// After the board, so that no list that takes a revoked key into account is
	// signed by it.
	return within(ctx, stepFor, r.Keys.Refresh)
}

func within(ctx context.Context, bound time.Duration, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	return step(ctx)
}

// lease renews well before the lease ends, so that one slow beat does not lose
// it. A renewal that fails leaves what is left of the former. The database counts
// from later than we do, so that nobody else holds the lease while we think that
// it is ours.
func (r *Runner) lease(ctx context.Context) error {
	now := r.Now()
	if now.Before(r.renewAt) {
		return nil
	}
	held, err := r.Store.Lease(ctx, leaseName, r.Holder, leaseFor)
	if err != nil {
		return fmt.Errorf("renew lease: %w", err)
	}
	var until *time.Time
	if held {
		ends := now.Add(leaseFor)
		until = &ends
	}
	r.heldUntil.Store(until)
	r.renewAt = now.Add(leaseRenew)
	return nil
}

// holds looks at the clock too: a process that was stopped for a while must not
// go on with what another has taken over.
func (r *Runner) holds() bool {
	until := r.heldUntil.Load()
	return until != nil && r.Now().Before(*until)
}

// purge does a part at each beat until nothing is left to do.
func (r *Runner) purge(ctx context.Context) error {
	now := r.Now()
	if now.Before(r.purgeAt) {
		return nil
	}
	more, err := r.Store.Purge(ctx, now, r.Mailboxes)
	if err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	if !more {
		r.purgeAt = now.Add(purgeEvery)
	}
	return nil
}

// remind does a part at each beat until nobody is left to be reminded.
func (r *Runner) remind(ctx context.Context) error {
	now := r.Now()
	if now.Before(r.remindAt) {
		return nil
	}
	more, err := r.Reminder.Send(ctx)
	if err != nil {
		return err
	}
	if !more {
		r.remindAt = now.Add(remindEvery)
	}
	return nil
}

// deliver empties the outbox of one kind, not before again: a store that fails is
// given time.
func (r *Runner) deliver(ctx context.Context, kind attest.OutboxKind, again *time.Time) {
	now := r.Now()
	if !r.holds() || now.Before(*again) {
		return
	}
	if err := r.Courier.Deliver(ctx, kind); err != nil && ctx.Err() == nil {
		r.Log.Error("outbox failed; it is tried again", slog.Any("error", err), slog.Any("cause", fault.Cause(err)))
		*again = now.Add(deliverAgain)
	}
}

// release lets another process take over at once. Failing is harmless: the
// lease ends by itself.
func (r *Runner) release() {
	if !r.holds() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := r.Store.ReleaseLease(ctx, leaseName, r.Holder); err != nil {
		r.Log.Warn("lease not given back; it ends by itself", slog.Any("error", err))
	}
}
