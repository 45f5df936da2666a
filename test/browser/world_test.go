//go:build browser

package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/sandbox"
)

// patience bounds the wait for what must happen.
const patience = 30 * time.Second

// world is one running issuer in its sandbox.
type world struct {
	app     *app.App
	sandbox *sandbox.Sandbox
	config  config.Config
	clock   *clock
	stop    func() error
}

// clock is the real one, ahead by as much as a test wants.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// generous are limits that no test reaches by chance.
func generous() attest.Limits {
	const many = 1_000_000
	return attest.Limits{
		RequestsPerClient: many, RequestsPerHandle: many, RequestsPerInstance: many, RequestsPerMailbox: many,
		RequestsInTotal: many, MailsPerMailbox: many, MailsPerMailboxADay: many, MailsInTotal: many, WrongCodes: many, LooksPerRequest: many, UnaskedPerClient: many, UnaskedPerMailbox: many,
	}
}

func startWorld(dir string, limits attest.Limits, settings ...string) (_ *world, err error) {
	w := &world{clock: &clock{}}
	if w.sandbox, err = sandbox.Start(context.Background(), sandbox.Options{}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.sandbox.Close())
		}
	}()
	w.config, err = config.Load("", append([]string{
		"COCARDE_ADDR=127.0.0.1:0", "COCARDE_DATA_DIR=" + dir,
		"COCARDE_SMTP_URL=smtp://" + w.sandbox.Mailbox.Addr(), "COCARDE_RESOLVER=" + w.sandbox.Resolver.Addr(),
		"COCARDE_CONTACT=cocarde@culture.gouv.fr",
	}, settings...))
	if err != nil {
		return nil, err
	}
	w.app, err = app.New(context.Background(), app.Options{
		Config: w.config, Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Limits: &limits, Now: w.clock.now, Outbound: safehttp.Policy{AllowLoopback: true},
	})
	if err != nil {
		return nil, err
	}
	return w, w.run()
}

// run serves until the world is stopped.
func (w *world) run() error {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.app.Run(ctx) }()
	w.stop = sync.OnceValue(func() error {
		cancel()
		return errors.Join(<-ended, w.sandbox.Close())
	})
	select {
	case <-w.app.Ready():
		return nil
	case err := <-ended:
		return errors.Join(errors.New("the issuer ended at once"), err)
	case <-time.After(patience):
		return errors.New("the issuer does not get ready")
	}
}

// newWorld starts an issuer for one test alone.
func newWorld(t *testing.T, limits attest.Limits, settings ...string) *world {
	t.Helper()
	chromium(t)
	w, err := startWorld(t.TempDir(), limits, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return w
}

// The issuer that tests share where they do not disturb each other.
var (
	sharedMu   sync.Mutex
	sharedOnce = sync.OnceValues(func() (*world, error) {
		dir, err := os.MkdirTemp("", "cocarde-browser-")
		if err != nil {
			return nil, err
		}
		w, err := startWorld(dir, generous(), "COCARDE_NAME=Cocarde du ministère de la Culture")
		if err != nil {
			return nil, err
		}
		stopShared = func() error { return errors.Join(w.stop(), os.RemoveAll(dir)) }
		return w, nil
	})
	stopShared = func() error { return nil }
)

func shared(t *testing.T) *world {
	t.Helper()
	chromium(t)
	sharedMu.Lock()
	defer sharedMu.Unlock()
	w, err := sharedOnce()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) origin() string { return w.app.Origin() }

// desk opens the command line's way to the badges beside the running issuer.
func (w *world) desk(t *testing.T) *app.Desk {
	t.Helper()
	d, err := app.OpenDesk(t.Context(), w.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

var serial atomic.Int64

// unique gives a name that no other agent has.
func unique(name string) string { return fmt.Sprintf("%s%d", name, serial.Add(1)) }
