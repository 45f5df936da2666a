package attest

import (
	"time"

	"cocarde.example/internal/acct"
	"cocarde.example/verify"
)

// Kind is the kind of a badge; it is also the last part but one of the vct.
type Kind string

// AgencyMailbox badges vouch for a person's mailbox at an agency.
const AgencyMailbox Kind = "agency-mailbox"

// Badge is the lasting link of one account and one mailbox.
type Badge struct {
	ID         string
	Kind       Kind
	Actor      Actor
	Agency     Agency
	OwnKey     []byte // sealed; empty for a badge that is older than such keys
	Mailbox    []byte // sealed under OwnKey, if there is one
	MailboxKey []byte
	Lang       string // of the agent's mails; empty if it is not known
	Listed     bool
	Status     verify.Status
	CreatedAt  time.Time
	ChangedAt  time.Time // of the status
	// MailboxProofAt is when the mailbox was last proven for an attestation under it.
	MailboxProofAt time.Time
	// Outputs of the log's VRF over the acct: URI and over the agency's domain,
	// computed once: the log's leaves carry them. They stand nowhere else, so that an
	// erasure leaves nothing by which the account's other badges tell whose it was.
	AccountVRF, AgencyVRF []byte
}

// Attestation is one signed statement under a badge.
type Attestation struct {
	JTI       string
	BadgeID   string
	Token     string // public form: the JWS and a final "~"
	KID       string
	List      int64 // number of its status list
	Index     int64 // in that list
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Published is a badge with its latest attestation.
type Published struct {
	Badge       Badge
	Attestation Attestation
}

// BadgeURL is the lasting link of a badge at its issuer, an origin.
func BadgeURL(issuer, id string) string { return issuer + "/b/" + id }

// InForce says whether the badge still vouches for anything at the time.
func (p Published) InForce(now time.Time) bool {
	return p.Badge.Status == verify.Valid && now.Before(p.Attestation.ExpiresAt)
}

// BadgeFilter narrows a list of badges; zero values do not narrow.
type BadgeFilter struct {
	Handle acct.Handle
	Domain string // of the agency
	Status *verify.Status
	After  string // id to continue after
	Limit  int    // 1 to 1,000
}

// Recorded is an attestation with what the status list says of it.
type Recorded struct {
	Attestation Attestation
	Status      verify.Status
}
