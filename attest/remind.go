package attest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"cocarde.example/internal/retention"
)

// remindBefore says how long before its end an agent is reminded of it, each once.
var remindBefore = []time.Duration{30 * day, 7 * day, day}

// ever is longer than any badge holds.
const ever = 100 * 365 * day

// remindAtOnce bounds how many are reminded in one go.
const remindAtOnce = 100

// ReminderStore finds whom to remind.
type ReminderStore interface {
	// DueReminders gives valid badges whose mailbox is kept and whose agents were
	// reminded of this end n times, though as long as before[n] or less is left; at most
	// limit.
	DueReminders(ctx context.Context, now time.Time, before []time.Duration, limit int) ([]Published, error)
	// Remind counts that an agent was reminded, by now this many times, and puts the
	// mail (nil: none goes out) in the outbox; or does neither if that was counted
	// already, or the badge was renewed or taken back meanwhile.
	Remind(ctx context.Context, of Published, times int, mail *OutboxEntry) error
	// MailStopped is that of LimitStore.
	MailStopped(ctx context.Context, mailboxKey []byte, now time.Time) (bool, error)
}

// Reminders tell agents that their badge ends.
type Reminders struct {
	store   ReminderStore
	notices Notices
	log     *slog.Logger
}

// NewReminders makes Reminders. Those of an issuer that closes are of the day on which it does,
// where that comes before the end of the badge.
func NewReminders(s ReminderStore, n Notices, log *slog.Logger) *Reminders {
	return &Reminders{store: s, notices: n, log: log}
}

// Send reminds some of those whom it is time to remind, and says whether there may be
// more. Who was missed for a while gets one mail, not several.
func (r *Reminders) Send(ctx context.Context) (more bool, err error) {
	now := r.notices.Now()
	due, err := r.store.DueReminders(ctx, now, r.before(now), remindAtOnce)
	if err != nil {
		return false, fmt.Errorf("find whom to remind: %w", err)
	}
	for _, p := range due {
		stopped, err := r.store.MailStopped(ctx, p.Badge.MailboxKey, now)
		if err == nil {
			err = r.store.Remind(ctx, p, timesDue(r.notices.until(p.Attestation.ExpiresAt).Sub(now)), r.mail(p, now, stopped))
		}
		if err != nil {
			return false, fmt.Errorf("remind: %w", err)
		}
	}
	return len(due) == remindAtOnce, nil
}

// before is remindBefore as the store counts it, by the ends of the badges themselves: once it is
// time to tell that the issuer closes, it is time for all that end later.
func (r *Reminders) before(now time.Time) []time.Duration {
	all := slices.Clone(remindBefore)
	for i, left := range all {
		if closes := r.notices.Closes; !closes.IsZero() && closes.Sub(now) <= left {
			all[i] = ever
		}
	}
	return all
}

// timesDue is how often somebody should have been reminded with so much left.
func timesDue(left time.Duration) (times int) {
	for _, before := range remindBefore {
		if left <= before {
			times++
		}
	}
	return times
}

// mail is nil where none goes out. That one cannot be written, since what is kept is
// damaged, keeps nobody else from being reminded.
func (r *Reminders) mail(p Published, now time.Time, stopped bool) *OutboxEntry {
	if stopped {
		return nil
	}
	mail, err := r.write(p, now)
	if err != nil {
		r.log.Error("the agent of a badge that ends soon gets no mail", slog.String("badge", p.Badge.ID), slog.Any("error", err))
		return nil
	}
	return mail
}

func (r *Reminders) write(p Published, now time.Time) (*OutboxEntry, error) {
	n := r.notices
	m, err := n.to(MailReminder, p.Badge)
	if err != nil {
		return nil, err
	}
	m.Ends, m.StopURL = n.until(p.Attestation.ExpiresAt), stopURL(n.Vault, n.Issuer, p.Badge.MailboxKey)
	end := now.Add(retention.Notice)
	if p.Attestation.ExpiresAt.Before(end) {
		end = p.Attestation.ExpiresAt
	}
	return mailEntry(n.Vault, m, p.Badge.ID, end)
}
