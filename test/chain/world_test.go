package chain

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/app"
	"cocarde.example/internal/clocktest"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/sandbox"
)

// patience bounds the wait for what must happen.
const patience = 2 * time.Minute

// world is one running issuer with its mail server and its resolver. Instances
// are each test's own.
type world struct {
	*server
	clock    *clock
	mailbox  *sandbox.Mailbox
	resolver *sandbox.Resolver
	stop     func() error // halts the servers, waits, and closes everything
}

// setup is what a test may change before a world starts.
type setup struct {
	environ  []string // settings
	smtp     string   // URL of the mail server, %s for its address; "" for none
	mailbox  sandbox.MailboxOptions
	options  app.Options
	clock    *clock
	patience string // what a cluster's URLs of the database end with
}

// clock is the real one, ahead by as much as a test wants, or wrong.
type clock struct{ *clocktest.Clock }

func (c *clock) now() time.Time          { return c.Now() }
func (c *clock) advance(d time.Duration) { c.Advance(d) }

// toMorning goes to five past five of the next day, so that no window of a limit
// ends in the middle of a test.
func (c *clock) toMorning() {
	const day = 24 * time.Hour
	c.advance(c.now().Truncate(day).Add(day + 5*time.Hour + 5*time.Minute).Sub(c.now()))
}

// generous are limits that no test reaches by chance.
func generous() *attest.Limits {
	const many = 1_000_000
	return &attest.Limits{
		RequestsPerClient: many, RequestsPerHandle: many, RequestsPerInstance: many, RequestsPerMailbox: many,
		RequestsInTotal: many, MailsPerMailbox: many, MailsPerMailboxADay: many, MailsInTotal: many, WrongCodes: many, LooksPerRequest: many, UnaskedPerClient: many, UnaskedPerMailbox: many,
	}
}

// usual is the setup of an issuer in a directory, before changes.
func usual(dir string) *setup {
	c := &clock{clocktest.New()}
	return &setup{
		environ: []string{"COCARDE_ADDR=127.0.0.1:0", "COCARDE_DATA_DIR=" + dir},
		smtp:    "smtp://%s",
		clock:   c,
		options: app.Options{
			Version: "test", Log: journal.logger(), Limits: generous(), Now: c.now,
			Outbound: safehttp.Policy{AllowLoopback: true},
		},
	}
}

func startWorld(dir string, change ...func(*setup)) (*world, error) {
	w, s, err := surroundings(usual(dir), change...)
	if err != nil {
		return nil, err
	}
	w.server = &server{}
	w.stop = sync.OnceValue(func() error { return errors.Join(w.end(), w.closeAround()) })
	if err := w.start(s); err != nil {
		return nil, errors.Join(err, w.stop())
	}
	return w, nil
}

// surroundings starts what stands around an issuer, and gives how to set it up.
func surroundings(s *setup, change ...func(*setup)) (_ *world, _ *setup, err error) {
	w := &world{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.closeAround())
		}
	}()
	if w.resolver, err = sandbox.StartResolver(); err != nil {
		return nil, nil, err
	}
	for _, domain := range []string{"prefecture.gouv.fr", "dreal.gouv.fr"} {
		w.resolver.AddMX(domain, "mx."+domain)
	}
	s.environ = append(s.environ, "COCARDE_RESOLVER="+w.resolver.Addr())
	for _, f := range change {
		f(s)
	}
	if w.mailbox, err = sandbox.StartMailbox(s.mailbox); err != nil {
		return nil, nil, err
	}
	if s.smtp != "" {
		s.environ = append(s.environ, "COCARDE_SMTP_URL="+fmt.Sprintf(s.smtp, w.mailbox.Addr()))
	}
	w.clock = s.clock
	return w, s, nil
}

func (w *world) closeAround() error {
	var errs []error
	if w.mailbox != nil {
		errs = append(errs, w.mailbox.Close())
	}
	if w.resolver != nil {
		errs = append(errs, w.resolver.Close())
	}
	return errors.Join(errs...)
}

// newWorld starts an issuer for one test alone.
func newWorld(t *testing.T, change ...func(*setup)) *world {
	t.Helper()
	w, err := startWorld(t.TempDir(), change...)
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
		dir, err := os.MkdirTemp("", "cocarde-chain-")
		if err != nil {
			return nil, err
		}
		w, err := startWorld(dir)
		if err != nil {
			return nil, err
		}
		sharedStop = func() error { return errors.Join(w.stop(), os.RemoveAll(dir)) }
		return w, nil
	})
	sharedStop = func() error { return nil }
)

func shared(t *testing.T) *world {
	t.Helper()
	sharedMu.Lock()
	defer sharedMu.Unlock()
	w, err := sharedOnce()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func stopShared() error {
	sharedMu.Lock()
	defer sharedMu.Unlock()
	return sharedStop()
}

// origin is the issuer.
func (w *world) origin() string { return w.app.Origin() }

// instance starts an instance. Once the test is over no token may live there.
func (w *world) instance(t *testing.T, o ...sandbox.InstanceOptions) *sandbox.Instance {
	t.Helper()
	options := sandbox.InstanceOptions{}
	if len(o) > 0 {
		options = o[0]
	}
	i, err := sandbox.StartInstance(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := i.LiveTokens(); n != 0 && !t.Failed() {
			t.Errorf("%d access tokens were not given back", n)
		}
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return i
}

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

// caughtUp is nil once the issuer has followed a jump of the clock: what ended
// more than an hour ago is deleted, the last thing that it does, and statuses are
// known anew.
func (w *world) caughtUp(t *testing.T, v visitor, token string) error {
	t.Helper()
	if n := w.number(t, `SELECT count(*) FROM limits WHERE ends_at < $1`, w.clock.now().Add(-time.Hour-time.Minute).UnixMicro()); n != 0 {
		return fmt.Errorf("%d windows of limits that ended are kept", n)
	}
	return hasStatus(v, token, "valid")
}

// eventually waits until f is nil, and gives what it said last if it never is.
func eventually(t testing.TB, within time.Duration, f func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %v", within, err)
		}
		<-tick.C
	}
}

// direct is the transport of every client here.
var direct = &http.Transport{MaxIdleConnsPerHost: 64}

var serial atomic.Int64

// unique gives a name that no other agent has.
func unique(name string) string { return fmt.Sprintf("%s%d", name, serial.Add(1)) }
