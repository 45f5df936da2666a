package attest

import (
	"time"

	"cocarde.example/internal/acct"
)

// State is where a request stands.
type State string

// The states of a request. The last four are ends, but an issued request still
// repeats its answer until it expires.
const (
	AwaitingAccountProof State = "awaiting_account_proof"
	AwaitingMailboxProof State = "awaiting_mailbox_proof"
	Proven               State = "proven"
	Issued               State = "issued"
	Expired              State = "expired"
	Withdrawn            State = "withdrawn"
	Refused              State = "refused"
)

// Method is how an account is proven.
type Method string

// The account proofs.
const (
	// ByOAuth is signing in at the agent's own instance.
	ByOAuth Method = "oauth"
	// ByLink is placing the badge's link in the account's profile.
	ByLink Method = "link"
)

// ByCode is no account proof: the request has the mailbox proof alone.
const ByCode Method = "code"

// Purpose is what a request is for.
type Purpose string

// The purposes.
const (
	// ForIssue links an account with a mailbox for the first time.
	ForIssue Purpose = "issue"
	// ForRenewal has another attestation issued under a badge.
	ForRenewal Purpose = "renewal"
	// ForAccess opens what is kept about a badge, by one proof.
	ForAccess Purpose = "access"
)

// Actor is what a handle resolves to.
type Actor struct {
	ID     string      // the actor's id, a URL; never changes
	URL    string      // the page of the profile
	Handle acct.Handle // canonical, as the handle's own host names it
	Host   acct.Host   // of the ID: where signing in happens
}

// Agency is what an attestation says about the mailbox's agency.
type Agency struct {
	Domain  string // A-labels
	Name    string // empty under a rule that names none
	Country string // ISO 3166-1 alpha-2, or "EU"
}

// Code is a short secret at rest: a keyed hash, with its bounds.
type Code struct {
	Hash      []byte
	ExpiresAt time.Time
	Tries     int // taken so far
}

// SignIn is one attempt to sign in at the instance.
type SignIn struct {
	StateHash []byte // keyed hash of the OAuth state parameter
	Browser   []byte // keyed hash of the secret in the asking browser's cookie
	Verifier  []byte // PKCE code verifier (RFC 7636), sealed
	ExpiresAt time.Time
}

// Request is one try to link one account with one mailbox, anew or again, or to be
// let at what is kept about that; as it is stored.
type Request struct {
	ID         string // 12 characters, Crockford base32
	Purpose    Purpose
	BadgeID    string // reserved for the badge that it may end in, or the badge that it is about
	TokenHash  []byte // keyed hash of the bearer token
	State      State
	Actor      Actor
	Mailbox    []byte // the address, sealed; empty where none is to be proven
	MailboxKey []byte // keyed hash of the address without case and + part
	Agency     Agency
	Lang       string // one that locale knows
	Listed     bool
	Method     Method
	CreatedAt  time.Time
	ExpiresAt  time.Time

	SignIns        int       // attempts begun; none by link
	AccountCode    *Code     // set when the sign-in ended in another browser
	AccountProofAt time.Time // zero until proven
	MailboxCode    *Code     // set once the mail is asked for
	CodesSent      int
	MailboxProofAt time.Time // zero until proven
	JTI            string    // of the attestation, once issued
	MailError      string    // code of why the newest mail could not be delivered
}
