package years

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/sandbox"
)

const (
	hour = time.Hour
	day  = 24 * time.Hour

	origin = "https://cocarde.example.gouv.fr"
	// mailboxDays is for how many days the mailbox of an ended badge is kept.
	mailboxDays = 30
)

// clock goes by hand.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time         { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) pass(d time.Duration)   { c.at.Add(int64(d)) }
func (c *clock) reach(moment time.Time) { c.at.Store(max(c.at.Load(), moment.UnixNano())) }

// world is an issuer with an instance, a mail server and a resolver.
type world struct {
	*clock
	t        *testing.T
	config   config.Config
	app      *app.App // nil while it is stopped
	instance *sandbox.Instance
	mailbox  *sandbox.Mailbox
	client   *http.Client // reaches the issuer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: &clock{}, t: t}
	w.reach(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC))
	w.client = &http.Client{Transport: w, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resolver, err := sandbox.StartResolver()
	must(t, err)
	t.Cleanup(func() { must(t, resolver.Close()) })
	resolver.AddMX("culture.gouv.fr", "mx.culture.gouv.fr")
	w.mailbox, err = sandbox.StartMailbox(sandbox.MailboxOptions{Now: w.now})
	must(t, err)
	t.Cleanup(func() { must(t, w.mailbox.Close()) })
	w.instance, err = sandbox.StartInstance(sandbox.InstanceOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, w.instance.Close()) })
	w.config, err = config.Load("", []string{
		"COCARDE_ADDR=127.0.0.1:0", "COCARDE_URL=" + origin, "COCARDE_DATA_DIR=" + t.TempDir(), "COCARDE_SECRET_FILE=" + filepath.Join(t.TempDir(), "secret"),
		"COCARDE_MAILBOX_DAYS=" + strconv.Itoa(mailboxDays),
		"COCARDE_SMTP_URL=smtp://" + w.mailbox.Addr(), "COCARDE_RESOLVER=" + resolver.Addr(), "COCARDE_CONTACT=help@culture.gouv.fr",
	})
	must(t, err)
	t.Cleanup(w.stop)
	return w
}

// start starts the server, or does so again.
func (w *world) start() {
	w.t.Helper()
	const many = 1_000_000
	var err error
	w.app, err = app.New(w.t.Context(), app.Options{
		Config: w.config, Version: "test", Log: slog.New(complaints{w.t}), Now: w.now, Outbound: safehttp.Policy{AllowLoopback: true},
		Limits: &attest.Limits{
			RequestsPerClient: many, RequestsPerHandle: many, RequestsPerInstance: many, RequestsPerMailbox: many, RequestsInTotal: many,
			MailsPerMailbox: many, MailsPerMailboxADay: many, MailsInTotal: many, WrongCodes: many, LooksPerRequest: many, UnaskedPerMailbox: many, UnaskedPerClient: many,
		},
	})
	must(w.t, err)
	w.settle()
}

func (w *world) stop() {
	if w.app != nil {
		must(w.t, w.app.Close())
		w.app = nil
	}
}

// settle has the server do what it does within a second and a half: enough for every
// event to be published, and for its answers to come from nothing that is older.
func (w *world) settle() {
	w.t.Helper()
	for range 3 {
		w.pass(500 * time.Millisecond)
		w.step()
	}
}

// step is tried again, as the server does, where the machine was too slow for it.
func (w *world) step() {
	w.t.Helper()
	var err error
	for range 5 {
		if err = w.app.Step(w.t.Context()); err == nil {
			return
		}
	}
	w.t.Fatal(err)
}

var errStopped = errors.New("the server is stopped")

// RoundTrip implements http.RoundTripper, for the issuer alone.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.app == nil || "https://"+r.URL.Host != origin {
		return nil, errStopped
	}
	r = r.Clone(r.Context())
	r.RequestURI, r.RemoteAddr, r.Host = r.URL.RequestURI(), "192.0.2.1:1234", r.URL.Host
	if r.Body == nil {
		r.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	w.app.Handler().ServeHTTP(answer, r)
	return answer.Result(), nil
}

// desk is the operator's command line beside the server.
func (w *world) desk(act func(context.Context, *app.Desk) error) {
	w.t.Helper()
	d, err := app.OpenDeskAt(w.t.Context(), w.config, w.now)
	must(w.t, err)
	err = act(w.t.Context(), d)
	must(w.t, errors.Join(err, d.Close()))
}

// complaints is a log of which every warning fails the test.
type complaints struct{ t *testing.T }

func (complaints) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
func (c complaints) WithAttrs([]slog.Attr) slog.Handler             { return c }
func (c complaints) WithGroup(string) slog.Handler                  { return c }
func (c complaints) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += " " + a.String()
		return true
	})
	c.t.Errorf("the log says: %s", text)
	return nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
