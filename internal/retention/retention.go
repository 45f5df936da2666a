// Package retention says for how long things are kept, and nothing else. The
// table "What is kept" in docs/OPERATING.md gives the reasons, under the same
// names; a test of the store holds the two together.
package retention

import "time"

const day = 24 * time.Hour

// From the beginning of each.
const (
	// Request is a request's, whatever becomes of it. Its sign-ins go with it.
	Request = day
	// Window is the longest of a limit: its count goes when it ends.
	Window = day
	// MailStop is that of a mailbox whose holder asked for no more codes.
	MailStop = 30 * day
	// Code is how long a code holds, and how long its mail is worth sending.
	Code = 10 * time.Minute
	// Notice is how long it is tried to send a mail without a code.
	Notice = 7 * day
	// Token is how long it is tried to give an access token back to its instance;
	// so long the registration of a single sign-in is kept, which that takes.
	Token = 30 * day
)

// From the end of each.
const (
	// GivenUp is that of what waited to be sent, and never could be.
	GivenUp = 30 * day
	// Mailbox is that of an ended badge's mailbox, unless a setting says otherwise.
	Mailbox = 365 * day
)
