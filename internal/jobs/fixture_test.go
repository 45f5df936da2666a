package jobs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/jobs"
)

// database is what the jobs of several processes share.
type database struct {
	mu       sync.Mutex
	holder   string
	ends     time.Time
	numbered int
	purged   []time.Time
	outbox   []entry
	broken   map[string]error // by method
}

type entry struct {
	attest.OutboxEntry
	lastError string
	gaveUp    bool
}

func (d *database) breaks(method string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken == nil {
		d.broken = map[string]error{}
	}
	d.broken[method] = err
}

func (d *database) Lease(_ context.Context, _, holder string, length time.Duration) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.broken["Lease"]; err != nil {
		return false, err
	}
	if d.holder != holder && time.Now().Before(d.ends) {
		return false, nil
	}
	d.holder, d.ends = holder, time.Now().Add(length)
	return true, nil
}

func (d *database) ReleaseLease(ctx context.Context, _, holder string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.holder == holder && ctx.Err() == nil {
		d.holder, d.ends = "", time.Time{}
	}
	return ctx.Err()
}

func (d *database) held() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.holder
}

func (d *database) NumberEvents(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.numbered++
	return d.broken["NumberEvents"]
}

func (d *database) DueOutbox(_ context.Context, kind attest.OutboxKind, now time.Time, limit int) (due []attest.OutboxEntry, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.outbox {
		if !e.gaveUp && e.Kind == kind && !now.Before(e.NotBefore) && len(due) < limit {
			due = append(due, e.OutboxEntry)
		}
	}
	return due, d.broken["DueOutbox"]
}

func (d *database) OutboxSent(ctx context.Context, id int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.broken["OutboxSent"]; err != nil || ctx.Err() != nil {
		return err
	}
	d.outbox = slices.DeleteFunc(d.outbox, func(e entry) bool { return e.ID == id })
	return nil
}

func (d *database) OutboxFailed(_ context.Context, id int64, next time.Time, lastError string) error {
	return d.change(id, func(e *entry) { e.Attempts, e.NotBefore, e.lastError = e.Attempts+1, next, lastError })
}

func (d *database) OutboxGaveUp(_ context.Context, id int64, lastError string) error {
	return d.change(id, func(e *entry) { e.gaveUp, e.lastError = true, lastError })
}

func (d *database) change(id int64, f func(*entry)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.outbox {
		if d.outbox[i].ID == id {
			f(&d.outbox[i])
		}
	}
	return nil
}

func (d *database) Purge(_ context.Context, before time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.purged = append(d.purged, before)
	return d.broken["Purge"]
}

// entries gives the outbox as it stands.
func (d *database) entries() []entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.outbox)
}

// mail puts one in the outbox.
func (d *database) mail(t *testing.T, id int64, m attest.Message, notAfter time.Duration) {
	t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	d.put(id, attest.OutboxMail, append([]byte(attest.SealMail+":"), body...), notAfter)
}

func (d *database) put(id int64, kind attest.OutboxKind, body []byte, notAfter time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.outbox = append(d.outbox, entry{OutboxEntry: attest.OutboxEntry{
		ID: id, Kind: kind, Body: body, NotBefore: time.Now(), NotAfter: time.Now().Add(notAfter),
	}})
}

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

func (c *counted) counts() (refreshed, wrote int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refreshed, c.wrote
}

// process is one cocarde on a database.
type process struct {
	*jobs.Runner
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
	p := &process{work: &counted{}, server: &server{}, log: &output{}}
	for _, s := range send {
		p.server.send = s
	}
	log := slog.New(slog.NewTextHandler(p.log, nil))
	p.Runner = jobs.New(jobs.Config{
		Store: d, Board: p.work, Publisher: p.work, Holder: name, Now: time.Now, Log: log,
		Courier: &jobs.Courier{Store: d, Vault: vault{}, Mailer: p.server, Revoker: p.server, Now: time.Now, Log: log},
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
