package jobs_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/clocktest"
	"cocarde.example/internal/jobs"
)

// vault seals by naming the purpose.
type vault struct{}

func (vault) Open(purpose string, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(purpose+":"))
	if !ok {
		return nil, context.Canceled // any error
	}
	return plain, nil
}

// server is a mail server, and an instance that takes tokens back.
type server struct {
	mu   sync.Mutex
	at   []time.Time
	got  []string
	send func(ctx context.Context) error
}

func (s *server) take(ctx context.Context, what string) error {
	s.mu.Lock()
	s.at = append(s.at, time.Now())
	send := s.send
	s.mu.Unlock()
	if send != nil {
		if err := send(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, what)
	return nil
}

func (s *server) Send(ctx context.Context, m attest.Message) error { return s.take(ctx, m.To) }
func (s *server) Revoke(ctx context.Context, r attest.Revocation) error {
	return s.take(ctx, r.Host+" "+r.Token)
}

func (s *server) seen() (got []string, tries int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got), len(s.at)
}

// counted is a board and a publisher that count.
type counted struct {
	mu               sync.Mutex
	refreshed, wrote int
	tended           int
	err              error
}

func (c *counted) Refresh(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refreshed++
	return c.err
}

func (c *counted) Publish(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote++
	return nil
}

// Tend and follows are the keys' part.
func (c *counted) Tend(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tended++
	return nil
}

type follows func(context.Context) error

func (f follows) Refresh(ctx context.Context) error { return f(ctx) }

func (c *counted) counts() (refreshed, wrote int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refreshed, c.wrote
}

// process is one cocarde on a database.
type process struct {
	*jobs.Runner
	clock  *clocktest.Clock
	work   *counted
	server *server
	log    *output
	stop   func() // and wait until it has
}

type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// run starts one; call it inside a synctest bubble. send is what becomes of what
// the server gets.
func run(t *testing.T, d *database, name string, send ...func(context.Context) error) *process {
	t.Helper()
	return runReminding(t, d, name, func() (bool, error) { return false, nil }, send...)
}

func runReminding(t *testing.T, d *database, name string, remind reminded, send ...func(context.Context) error) *process {
	t.Helper()
	p := &process{clock: clocktest.New(), work: &counted{}, server: &server{}, log: &output{}}
	for _, s := range send {
		p.server.send = s
	}
	log := slog.New(slog.NewTextHandler(p.log, nil))
	p.Runner = jobs.New(jobs.Config{
		Store: d, Board: p.work, Publisher: p.work, Keys: follows(func(context.Context) error { return nil }), Keeper: p.work, Reminder: remind, Mailboxes: 30 * 24 * time.Hour, Holder: name, Now: p.clock.Now, Log: log,
		Courier: &jobs.Courier{Store: d, Vault: vault{}, Mailer: p.server, Revoker: p.server, Now: p.clock.Now, Log: log},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx)
	}()
	p.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(p.stop)
	return p
}

type reminded func() (more bool, err error)

func (f reminded) Send(context.Context) (bool, error) { return f() }
