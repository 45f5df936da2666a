package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

const (
	batch        = 8 // entries under way at once
	sendTimeout  = 45 * time.Second
	firstPause   = 2 * time.Second
	longPause    = time.Minute
	longestPause = time.Hour
)

// Mailer hands a mail to the mail server. An error is temporary unless it is a
// fault of kind Invalid: then the server will never take this mail.
type Mailer interface {
	Send(ctx context.Context, m attest.Message) error
}

// Revoker gives an access token back to its instance.
type Revoker interface {
	Revoke(ctx context.Context, r attest.Revocation) error
}

// Opener opens what rests sealed.
type Opener interface {
	Open(purpose string, sealed []byte) ([]byte, error)
}

var errNoMailer = fault.New(fault.Unavailable, "mail_not_configured", "There is no mail server. Set COCARDE_SMTP_URL.")

// Courier empties the outbox.
type Courier struct {
	Store   Store
	Vault   Opener
	Mailer  Mailer // nil: mail waits for one
	Revoker Revoker
	Now     func() time.Time
	Log     *slog.Logger

	mu   sync.Mutex
	sent map[int64]bool // taken at the other end, and still in the store
}

// Deliver tries each entry of a kind that is due once. Each kind goes its own
// way: an instance that hangs must not hold up the mail.
func (c *Courier) Deliver(ctx context.Context, kind attest.OutboxKind) error {
	entries, err := c.Store.DueOutbox(ctx, kind, c.Now(), batch)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, len(entries))
	for i, e := range entries {
		wg.Go(func() { errs[i] = c.deliver(ctx, e) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (c *Courier) deliver(ctx context.Context, e attest.OutboxEntry) error {
	if c.wasSent(e.ID) {
		return c.forget(ctx, e.ID)
	}
	if !e.NotAfter.IsZero() && !c.Now().Before(e.NotAfter) {
		return c.Store.OutboxGaveUp(ctx, e.ID, "too_late")
	}
	sendCtx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := c.send(sendCtx, e)
	if err == nil {
		return c.forget(ctx, e.ID)
	}
	if ctx.Err() != nil {
		return nil // we are stopping: the entry waits, and this was no attempt
	}
	code := fault.Code(err)
	c.Log.Warn("outbox entry not delivered", slog.String("kind", string(e.Kind)),
		slog.Int64("entry", e.ID), slog.Int("attempts", e.Attempts+1), slog.String("code", code))
	if f, ok := fault.Of(err); ok && f.Kind == fault.Invalid {
		return c.Store.OutboxGaveUp(ctx, e.ID, code)
	}
	return c.Store.OutboxFailed(ctx, e.ID, c.Now().Add(pause(e.Kind, e.Attempts)), code)
}

func (c *Courier) wasSent(id int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[id]
}

// forget deletes an entry that was sent, even if we are asked to stop meanwhile.
// Where that fails, on a full disk say, it is remembered here that nobody gets
// the same mail again and again.
func (c *Courier) forget(ctx context.Context, id int64) error {
	err := c.Store.OutboxSent(context.WithoutCancel(ctx), id)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		delete(c.sent, id)
		return nil
	}
	if c.sent == nil {
		c.sent = map[int64]bool{}
	}
	c.sent[id] = true
	return err
}

func (c *Courier) send(ctx context.Context, e attest.OutboxEntry) error {
	switch e.Kind {
	case attest.OutboxMail:
		if c.Mailer == nil {
			return errNoMailer
		}
		m, err := open[attest.Message](c.Vault, attest.SealMail, e.Body)
		if err != nil {
			return err
		}
		return c.Mailer.Send(ctx, m)
	case attest.OutboxRevocation:
		r, err := open[attest.Revocation](c.Vault, attest.SealRevocation, e.Body)
		if err != nil {
			return err
		}
		return c.Revoker.Revoke(ctx, r)
	}
	return fmt.Errorf("outbox entry of unknown kind %q", e.Kind)
}

func open[T any](v Opener, purpose string, sealed []byte) (T, error) {
	var body T
	plain, err := v.Open(purpose, sealed)
	if err == nil {
		err = json.Unmarshal(plain, &body)
	}
	if err != nil {
		return body, fmt.Errorf("open outbox body: %w", err)
	}
	return body, nil
}

// pause doubles with each attempt: 2 s, 4 s, … a minute for mail, whose codes do
// not wait, and an hour for revocations, which may wait for days.
func pause(kind attest.OutboxKind, attempts int) time.Duration {
	longest := longPause
	if kind == attest.OutboxRevocation {
		longest = longestPause
	}
	return min(firstPause<<min(attempts, 12), longest)
}
