package attest

import "time"

// MessageKind names a mail's text.
type MessageKind string

// The mails.
const (
	// MailCode carries the code of the mailbox proof.
	MailCode MessageKind = "code"
	// MailRenewalCode and MailAccessCode carry one too. They name neither account nor
	// badge: whoever asks for them did not name the mailbox.
	MailRenewalCode MessageKind = "renewal-code"
	MailAccessCode  MessageKind = "access-code"
	// MailReminder tells that a badge ends soon, and MailWithdrawn that its agent has
	// taken it back; neither names it, for the same reason.
	MailReminder  MessageKind = "reminder"
	MailWithdrawn MessageKind = "withdrawn"
	// MailIssued tells that an attestation was issued.
	MailIssued MessageKind = "issued"
	// MailReplaced tells that a badge for the same mailbox was revoked for a new one.
	MailReplaced MessageKind = "replaced"
	// MailKeyRevoked tells that a badge was revoked because the issuer's key that
	// signed its attestation was.
	MailKeyRevoked MessageKind = "key-revoked"
)

// Message is a mail to be written: what it says, not how. It rests sealed in the outbox.
type Message struct {
	Kind     MessageKind `json:"kind"`
	To       string      `json:"to"`
	Lang     string      `json:"lang"`
	Issuer   string      `json:"issuer"` // origin
	Handle   string      `json:"handle"` // "@user@host" in full
	Instance string      `json:"instance"`
	Agency   string      `json:"agency"`             // domain
	Code     string      `json:"code,omitempty"`     // 8 digits
	Minutes  int         `json:"minutes,omitempty"`  // that the code holds
	Replaces string      `json:"replaces,omitempty"` // handle of the badge that the code will replace, if it is listed
	BadgeURL string      `json:"badge_url,omitempty"`
	StopURL  string      `json:"stop_url,omitempty"` // the one link of a code mail: stops further mail
	Ends     time.Time   `json:"ends,omitzero"`      // of a reminder
	Closing  bool        `json:"closing,omitempty"`  // the issuer closes: there is no other badge to ask for

	// ReplacesUnlisted says that the code will replace a badge that is not listed: it is not named.
	ReplacesUnlisted bool `json:"replaces_unlisted,omitempty"`
}

// Revocation is an access token that must still be given back to its instance.
// It rests sealed in the outbox.
type Revocation struct {
	Host  string `json:"host"`
	Token string `json:"token"`
}

// OutboxKind tells what an outbox entry's body is.
type OutboxKind string

// The kinds of outbox entries.
const (
	OutboxMail       OutboxKind = "mail"
	OutboxRevocation OutboxKind = "revocation"
)

// OutboxEntry is something to be sent to another server, until it has been taken there.
type OutboxEntry struct {
	ID   int64 // given by the store
	Kind OutboxKind
	// RequestID is whose code this carries; empty for everything else. If it cannot
	// be delivered, the request says so.
	RequestID string
	BadgeID   string    // whom it is about; it goes when that badge is erased
	Body      []byte    // sealed
	NotBefore time.Time // zero: at once, whatever the clock says
	NotAfter  time.Time // after it, sending is pointless (a code has ended)
	Attempts  int
}
