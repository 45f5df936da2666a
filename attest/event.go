package attest

import "time"

// EventKind names what happened.
type EventKind string

// The events that the public log will carry.
const (
	EventIssued       EventKind = "issued"
	EventSuspended    EventKind = "suspended"
	EventResumed      EventKind = "resumed"
	EventRevoked      EventKind = "revoked"
	EventErased       EventKind = "erased" // nothing says any more whom the badge named
	EventKeyAnnounced EventKind = "key_announced"
	EventKeyActivated EventKind = "key_activated"
	EventKeyRetired   EventKind = "key_retired"
	EventKeyRevoked   EventKind = "key_revoked"
	EventKeyGone      EventKind = "key_gone"
)

// Reason says why a badge was suspended, resumed or revoked. Auditors and the
// agent see it; the public never does.
type Reason string

// The reasons.
const (
	LeftAgency         Reason = "left_agency"
	AccountCompromised Reason = "account_compromised"
	ProvenInError      Reason = "proven_in_error"
	DomainWithdrawn    Reason = "domain_withdrawn"
	KeyCompromised     Reason = "key_compromised"
	AgentsWish         Reason = "agents_wish"
	Other              Reason = "other"
	Replaced           Reason = "replaced" // by a new badge for the same mailbox; given by the program only
	RowLost            Reason = "row_lost" // its row was lost with a database; given by the program only
)

// Reasons lists those that a person may give.
func Reasons() []Reason {
	return []Reason{LeftAgency, AccountCompromised, ProvenInError, DomainWithdrawn, KeyCompromised, AgentsWish, Other}
}

// Event is one thing that happened. It is inserted unnumbered in the
// transaction of the act; public ones get their Seq once they are committed.
type Event struct {
	Seq  int64 // 1, 2, 3 …: 0 while unnumbered
	Kind EventKind
	At   time.Time
	By   string // who acted: "agent", "operator", "cocarde"

	BadgeID   string
	JTI       string
	List      int64
	Index     int64
	TokenHash []byte // SHA-256 of the JWS

	KID    string // of key events
	Reason Reason
	Note   []byte // sealed
}
