package attest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
)

// Limits are the ceilings that keep codes from being guessed and mailboxes from
// being flooded. All processes on one database share the counts.
type Limits struct {
	RequestsPerClient   int // an hour
	RequestsPerHandle   int // an hour, by one client
	RequestsPerInstance int // an hour
	RequestsPerMailbox  int // a day, by one client
	RequestsInTotal     int // an hour
	MailsPerMailbox     int // an hour
	MailsPerMailboxADay int
	MailsInTotal        int // an hour
	WrongCodes          int // a day, in total
	LooksPerRequest     int // at the profile, an hour
	UnaskedPerClient    int // a day, for one badge: mails that anybody could ask for, without an account
	UnaskedPerMailbox   int // a day, by all clients
}

// DefaultLimits are those of a service for a country's agents.
func DefaultLimits() Limits {
	return Limits{
		RequestsPerClient:   30,
		RequestsPerHandle:   10,
		RequestsPerInstance: 600,
		RequestsPerMailbox:  20,
		RequestsInTotal:     3000,
		MailsPerMailbox:     5,
		MailsPerMailboxADay: 20,
		MailsInTotal:        3000,
		WrongCodes:          500,
		LooksPerRequest:     30,
		UnaskedPerClient:    3,
		UnaskedPerMailbox:   10,
	}
}

const day = 24 * time.Hour

var (
	errLimited = fault.New(fault.Limited, "too_many_requests",
		"Too many requests came from here, for this account or for this mailbox. Wait, then try again.")
	errMailLimited = fault.New(fault.Limited, "too_many_mails",
		"Too many codes were sent to this mailbox. Wait, then begin again.")
	errLooks = fault.New(fault.Limited, "too_many_looks",
		"The profile has been looked at too often for this request. Wait, then have it looked at again.")
	errCodesPaused = fault.New(fault.Unavailable, "codes_paused",
		"Too many wrong codes were typed today, by anybody, so no codes are sent for now. Try again later.")
)

// countBegin counts a request before anything is looked up for it. Whoever asks
// has proven nothing: for an account and for a mailbox their own requests count
// alone, or a stranger could use up its share.
func (q *Requests) countBegin(ctx context.Context, h acct.Handle, a acct.Address, client string) error {
	l := q.limits
	return q.count(ctx, errLimited,
		q.limit("client", client, time.Hour, l.RequestsPerClient),
		q.limit("mailbox", client+" "+a.Key(), day, l.RequestsPerMailbox),
		q.limit("handle", client+" "+h.Key(), time.Hour, l.RequestsPerHandle),
		q.limit("instance", h.Host().String(), time.Hour, l.RequestsPerInstance),
		q.limit("requests", "", time.Hour, l.RequestsInTotal))
}

// countActor counts a request for the account that its handle led to, where that
// is another name: aliases at other hosts must not dodge the limits.
func (q *Requests) countActor(ctx context.Context, typed acct.Handle, a Actor, client string) error {
	var limits []Limit
	if a.Handle.Key() != typed.Key() {
		limits = append(limits, q.limit("handle", client+" "+a.Handle.Key(), time.Hour, q.limits.RequestsPerHandle))
	}
	if a.Host != typed.Host() {
		limits = append(limits, q.limit("instance", a.Host.String(), time.Hour, q.limits.RequestsPerInstance))
	}
	return q.count(ctx, errLimited, limits...)
}

// countFind counts a look for an account under the ceilings of requests, but
// apart from them: who only looks takes no request from anybody.
func (q *Requests) countFind(ctx context.Context, h acct.Handle, client string) error {
	l := q.limits
	return q.count(ctx, errLimited,
		q.limit("finds-client", client, time.Hour, l.RequestsPerClient),
		q.limit("finds-handle", client+" "+h.Key(), time.Hour, l.RequestsPerHandle),
		q.limit("finds-instance", h.Host().String(), time.Hour, l.RequestsPerInstance),
		q.limit("finds", "", time.Hour, l.RequestsInTotal))
}

// countMail counts a mail before it goes out. One for which no account was signed in
// to anybody can ask for who knows a badge, again and again: of these a mailbox gets
// few, and each client has it sent fewer still, or one stranger could use them all up.
// They take none from those for which its holder signs in.
func (q *Requests) countMail(ctx context.Context, r Request, client string) error {
	mailbox := string(r.MailboxKey)
	if mailbox == "" {
		mailbox = r.BadgeID // none is kept, of which nobody must learn
	}
	total := q.limit("mails", "", time.Hour, q.limits.MailsInTotal)
	if r.Purpose != ForIssue && r.Method != ByOAuth {
		return q.count(ctx, errMailLimited,
			q.limit("unasked-client", string(r.Purpose)+" "+client+" "+r.BadgeID, day, q.limits.UnaskedPerClient),
			q.limit("unasked-badge", string(r.Purpose)+" "+r.BadgeID, day, q.limits.UnaskedPerMailbox),
			q.limit("unasked-mailbox", string(r.Purpose)+" "+mailbox, day, q.limits.UnaskedPerMailbox), total)
	}
	return q.count(ctx, errMailLimited,
		q.limit("mails-mailbox", mailbox, time.Hour, q.limits.MailsPerMailbox),
		q.limit("mails-mailbox-day", mailbox, day, q.limits.MailsPerMailboxADay), total)
}

// countLook counts a look at the profile of a request before anything is fetched.
func (q *Requests) countLook(ctx context.Context, r Request) error {
	return q.count(ctx, errLooks, q.limit("looks", r.ID, time.Hour, q.limits.LooksPerRequest))
}

func (q *Requests) count(ctx context.Context, refusal *fault.Error, limits ...Limit) error {
	now := q.now()
	exceeded, until, err := q.store.Count(ctx, now, limits...)
	if err != nil {
		return err
	}
	if exceeded != nil {
		q.log.Warn("limit reached", slog.String("limit", exceeded.Name))
		return refusal.After(until.Sub(now))
	}
	return nil
}

// countWrongCode counts a mailbox code that was judged wrong against the ceiling
// that all share, and tells the operator once that is reached. It gives the
// judgement back, or what kept it from counting.
func (q *Requests) countWrongCode(ctx context.Context, judgement error) error {
	if !errors.Is(judgement, errCodeWrong) && !errors.Is(judgement, errRefused) {
		return judgement
	}
	l := q.wrongCodes()
	if _, _, err := q.store.Count(ctx, q.now(), l); err != nil {
		return fmt.Errorf("count wrong code: %w", err)
	}
	n, err := q.store.Counted(ctx, q.now(), l)
	if err != nil {
		return fmt.Errorf("count wrong codes: %w", err)
	}
	if n >= l.Max {
		q.log.Error("ceiling of wrong codes reached: no codes are mailed until the window ends")
	}
	return judgement
}

// codesAllowed refuses when the ceiling of wrong codes is reached. It refuses
// known and unknown mailboxes alike, or its answer would tell them apart.
func (q *Requests) codesAllowed(ctx context.Context) error {
	l := q.wrongCodes()
	n, err := q.store.Counted(ctx, q.now(), l)
	if err != nil {
		return err
	}
	if n >= l.Max {
		return errCodesPaused.After(time.Hour)
	}
	return nil
}

func (q *Requests) wrongCodes() Limit {
	return q.limit("wrong-codes", "", day, q.limits.WrongCodes)
}

func (q *Requests) limit(name, counted string, window time.Duration, max int) Limit {
	return Limit{Name: name, Key: q.vault.CodeHash("limit", name, counted), Window: window, Max: max}
}
