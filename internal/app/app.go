package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cocarde.example/attest"
	"cocarde.example/internal/config"
	"cocarde.example/internal/jobs"
	"cocarde.example/internal/record"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/store"
)

// shutdownGrace is how long requests under way may take once the program is asked
// to stop. With what the periodic work then needs, it ends within 20 s.
const shutdownGrace = 14 * time.Second

// Options are what a server is made of beside its settings. What follows Log is
// for the demo and for tests; no setting reaches it.
type Options struct {
	Config  config.Config
	Version string
	Log     *slog.Logger

	// Demo marks the database as made by the demo, and refuses any other.
	Demo bool
	// Outbound loosens what the outbound clients refuse.
	Outbound safehttp.Policy
	// MailRoots replaces the system's certificate authorities for the mail server.
	MailRoots *x509.CertPool
	// Limits replaces the default limits.
	Limits *attest.Limits
	// Now replaces the machine's clock.
	Now func() time.Time

	machineTime bool // nothing replaces it
}

// App is one server: everything joined, listening, not yet serving.
type App struct {
	origin   string
	log      *slog.Logger
	lock     *os.File
	listener net.Listener
	store    *store.Store
	record   *record.Record
	runner   *jobs.Runner
	server   *http.Server
	refused  chan struct{} // closed if somebody has the database alone, once its connections were lost

	closing sync.Once
	closed  error
}

// New takes the data directory, opens or makes the database, and listens. Errors
// that tell the operator what to do are faults.
func New(ctx context.Context, o Options) (*App, error) {
	if o.Now == nil {
		o.Now, o.machineTime = time.Now, true
	}
	a := &App{log: o.Log, refused: make(chan struct{})}
	if err := a.open(ctx, o); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context, o Options) (err error) {
	if a.lock, err = lockDataDir(o.Config.DataDir); err != nil {
		return err
	}
	if a.listener, err = net.Listen("tcp", o.Config.Addr); err != nil {
		return fmt.Errorf("listen on COCARDE_ADDR: %w", err)
	}
	a.origin = o.Config.Origin(a.listener.Addr().String())
	// A wrong setting is found before a database is bound to this origin for ever.
	sender, err := newSender(a.origin, o)
	if err != nil {
		return errSetting(err)
	}
	var id identity
	p := parts{sender: sender}
	if p.holder, err = holder(a.lock); err != nil {
		return err
	}
	var g errgroup.Group // a start takes what its longest part takes
	g.Go(func() (err error) {
		// A database that other replicas serve from is migrated when its operator says so.
		migrate := !store.OnServer(o.Config.Database)
		refused := sync.OnceFunc(func() { close(a.refused) })
		open := store.Options{Database: o.Config.Database, Migrate: migrate, Refused: refused}
		if !o.Demo { // which says better what is wrong
			open.Origin = a.origin
		}
		if a.store, err = store.Open(ctx, open); err != nil {
			return naming(o.Config.Database, err)
		}
		if err = a.store.Writable(ctx); err != nil {
			return naming(o.Config.Database, err)
		}
		if o.machineTime {
			if err := sameTime(ctx, a.store, o.Now); err != nil {
				return err
			}
		}
		if id, err = settle(ctx, a.store, o.Config, a.origin, o); err != nil {
			return err
		}
		a.record, err = openRecord(ctx, a.store, id, recordPlace{o.Config.PublishedDir, p.holder, o.Now})
		return err
	})
	g.Go(func() error { return p.make(o.Config) })
	if err := g.Wait(); err != nil {
		return err
	}
	return a.join(id, p, o)
}

// Origin is the issuer's public origin.
func (a *App) Origin() string { return a.origin }

// Addr is where the server listens.
func (a *App) Addr() string { return a.listener.Addr().String() }

// Ready is closed once everything that the issuer publishes stands.
func (a *App) Ready() <-chan struct{} { return a.runner.Ready() }

// Run serves until the context ends, then finishes what is under way.
func (a *App) Run(ctx context.Context) error {
	a.log.Info("listening", slog.String("addr", a.Addr()), slog.String("issuer", a.origin))
	g, ctx := errgroup.WithContext(ctx)
	working, rest := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error {
		if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		a.runner.Run(working)
		return nil
	})
	g.Go(func() error {
		select {
		case <-a.refused:
			return store.ErrRecovering
		case <-ctx.Done():
			return nil
		}
	})
	g.Go(func() error {
		<-ctx.Done()
		defer rest() // last of all: what is under way needs to know statuses
		return a.finish()
	})
	return errors.Join(g.Wait(), a.Close())
}

// finish closes the listener and every idle connection at once, so that a proxy
// goes elsewhere, and waits for the requests under way. What takes too long is cut
// off: the program was asked to stop, so that is no error.
func (a *App) finish() error {
	a.log.Info("stopping")
	grace, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	err := a.server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		a.log.Warn("requests took too long and were cut off")
		return a.server.Close()
	}
	return err
}

// Close gives everything back. Run does it by itself.
func (a *App) Close() error {
	a.closing.Do(func() {
		var errs []error
		if a.listener != nil {
			if err := a.listener.Close(); !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
		if a.store != nil {
			errs = append(errs, a.store.Close())
		}
		if a.record != nil {
			errs = append(errs, a.record.Close())
		}
		if a.lock != nil {
			errs = append(errs, a.lock.Close())
		}
		a.closed = errors.Join(errs...)
	})
	return a.closed
}
