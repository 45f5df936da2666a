package jobs

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	interval   = 250 * time.Millisecond // between looks at what happened
	leaseName  = "jobs"
	leaseFor   = 10 * time.Second
	leaseRenew = 3 * time.Second
	purgeEvery = time.Hour
)

// Board follows the numbered events: what this process has in memory of them.
type Board interface {
	Refresh(ctx context.Context) error
}

// Publisher signs and stores what changes or is about to end.
type Publisher interface {
	Publish(ctx context.Context) error
}

// Config is what a Runner is made of.
type Config struct {
	Store     Store
	Board     Board
	Publisher Publisher
	Courier   *Courier
	Holder    string // names this process among those on the database
	Now       func() time.Time
	Log       *slog.Logger
}

// Runner does the periodic work of one process.
type Runner struct {
	Config
	holds     atomic.Bool
	renewAt   time.Time
	purgeAt   time.Time
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

// Run works until the context ends, then gives the lease back.
func (r *Runner) Run(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.every(ctx, func() { r.deliver(ctx) })
	}()
	r.every(ctx, func() { r.beat(ctx) })
	<-done
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
			r.Log.Error("periodic work failed; it is tried again", slog.Any("error", err))
		}
		return
	}
	if r.first {
		r.first = false
		close(r.published)
	}
}

func (r *Runner) work(ctx context.Context) error {
	if err := r.lease(ctx); err != nil {
		return err
	}
	if r.holds.Load() {
		if err := r.Store.NumberEvents(ctx); err != nil {
			return err
		}
	}
	if err := r.Board.Refresh(ctx); err != nil {
		return err
	}
	if !r.holds.Load() {
		return nil
	}
	if err := r.Publisher.Publish(ctx); err != nil {
		return err
	}
	return r.purge(ctx)
}

// lease renews well before the lease ends, so that one slow beat does not lose it.
func (r *Runner) lease(ctx context.Context) error {
	now := r.Now()
	if now.Before(r.renewAt) {
		return nil
	}
	held, err := r.Store.Lease(ctx, leaseName, r.Holder, now, now.Add(leaseFor))
	r.holds.Store(held && err == nil)
	if err != nil {
		return err
	}
	r.renewAt = now.Add(leaseRenew)
	return nil
}

func (r *Runner) purge(ctx context.Context) error {
	now := r.Now()
	if now.Before(r.purgeAt) {
		return nil
	}
	if err := r.Store.Purge(ctx, now); err != nil {
		return err
	}
	r.purgeAt = now.Add(purgeEvery)
	return nil
}

func (r *Runner) deliver(ctx context.Context) {
	if !r.holds.Load() {
		return
	}
	if err := r.Courier.Deliver(ctx); err != nil && ctx.Err() == nil {
		r.Log.Error("outbox failed; it is tried again", slog.Any("error", err))
	}
}

// release lets another process take over at once. Failing is harmless: the
// lease ends by itself.
func (r *Runner) release() {
	if !r.holds.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := r.Store.ReleaseLease(ctx, leaseName, r.Holder); err != nil {
		r.Log.Warn("lease not given back; it ends by itself", slog.Any("error", err))
	}
}
