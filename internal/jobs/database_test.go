package jobs_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
)

// database is what the jobs of several processes share.
type database struct {
	mu       sync.Mutex
	holder   string
	ends     time.Time
	leased   int // times that somebody asked for the lease
	numbered int
	outbox   []entry
	broken   map[string]error // by method
	locked   bool             // by somebody who writes for long: the lease is waited for

	purged    []time.Time
	mailboxes time.Duration
	ended     int // parts that a purge has to do
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

func (d *database) Lease(ctx context.Context, _, holder string, length time.Duration) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leased++
	if d.locked {
		d.mu.Unlock()
		<-ctx.Done()
		d.mu.Lock()
		return false, ctx.Err()
	}
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

func (d *database) Purge(_ context.Context, now time.Time, mailboxes time.Duration) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.purged, d.mailboxes = append(d.purged, now), mailboxes
	d.ended = max(0, d.ended-1)
	return d.ended > 0, d.broken["Purge"]
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
