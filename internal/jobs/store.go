package jobs

import (
	"context"
	"time"

	"cocarde.example/attest"
)

// Store is what this package needs of the database.
type Store interface {
	// Lease takes or keeps a lease for a holder, for that long from now on by the
	// database's clock, so that processes whose clocks differ do not take it from
	// each other; held is false while another holder's lease has not ended.
	Lease(ctx context.Context, name, holder string, length time.Duration) (held bool, err error)
	// ReleaseLease gives a lease back at shutdown.
	ReleaseLease(ctx context.Context, name, holder string) error
	// NumberEvents numbers the committed public events that have no number yet, in
	// the order of their insertion, without gaps, whoever else does so at the same
	// time. It opens the next status list once four fifths of the last are taken.
	NumberEvents(ctx context.Context) error
	// DueOutbox gives entries of a kind whose time has come, oldest first.
	DueOutbox(ctx context.Context, kind attest.OutboxKind, now time.Time, limit int) ([]attest.OutboxEntry, error)
	// OutboxSent deletes an entry.
	OutboxSent(ctx context.Context, id int64) error
	// OutboxFailed counts an attempt and says when the next may be; lastError is a
	// short code, never a server's own words.
	OutboxFailed(ctx context.Context, id int64, next time.Time, lastError string) error
	// OutboxGaveUp keeps an entry to be shown, and never tries it again.
	OutboxGaveUp(ctx context.Context, id int64, lastError string) error
	// Purge deletes what has come to its end: requests, windows of limits, mail
	// stops, registrations of a single sign-in, and what was given up long enough
	// ago. It erases the mailboxes of badges that ended so long before. It changes
	// a bounded number of rows, and says whether there may be more.
	Purge(ctx context.Context, now time.Time, mailboxes time.Duration) (more bool, err error)
}
