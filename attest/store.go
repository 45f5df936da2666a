package attest

import (
	"context"
	"errors"
	"time"

	"cocarde.example/internal/acct"
	"cocarde.example/verify"
)

// What a store answers when the thing asked for does not stand as expected.
// Everything else that it returns is a fault of the database.
var (
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("attest: not found")
	// ErrState: the request is not in the state that the act needs, or is past its end.
	ErrState = errors.New("attest: request is in another state")
	// ErrAccountTaken: the account has a badge in force.
	ErrAccountTaken = errors.New("attest: account has a badge in force")
	// ErrMailboxTaken: the mailbox has another badge in force.
	ErrMailboxTaken = errors.New("attest: mailbox has a badge in force")
	// ErrIndexTaken: the status index is another attestation's.
	ErrIndexTaken = errors.New("attest: status index is taken")
	// ErrKeyNotActive: the key that signed the attestation signs no more.
	ErrKeyNotActive = errors.New("attest: signing key is not active")
	// ErrEnded: every attestation under the badge has ended by itself.
	ErrEnded = errors.New("attest: badge has ended")
	// ErrRevoked: the badge is revoked for good.
	ErrRevoked = errors.New("attest: badge is revoked")
	// ErrSuspended: the badge is taken back for a time.
	ErrSuspended = errors.New("attest: badge is suspended")
)

// RequestStore keeps requests. Every method is one transaction, durable once it
// returns nil, and safe to run from many processes at once.
type RequestStore interface {
	// AddRequest keeps a new request, with its first sign-in (nil: it has none). Of one
	// that is about a badge: ErrNotFound if that is erased.
	AddRequest(ctx context.Context, r Request, s *SignIn) error
	// Request finds a request by its id, or ErrNotFound. Its State is as stored:
	// expiry is judged by the caller.
	Request(ctx context.Context, id string) (Request, error)
	// SetLang changes the language of a request, in any state.
	SetLang(ctx context.Context, id, lang string) error
	// AddSignIn counts another attempt of a request that awaits its account proof
	// and replaces the former one and any AccountCode. ErrState if it does not, or
	// if it has begun max attempts already.
	AddSignIn(ctx context.Context, id string, s SignIn, max int) error
	// TakeSignIn finds the sign-in of a state parameter and deletes it, so that
	// it completes at most once; ErrNotFound if there is none.
	TakeSignIn(ctx context.Context, stateHash []byte) (Request, SignIn, error)
	// HoldAccountProof keeps the code that whoever holds the request's token must
	// show, since the sign-in ended in another browser. ErrState as above.
	HoldAccountProof(ctx context.Context, id string, c Code) error
	// TakeAccountTry counts one try at the AccountCode and gives the code with
	// that try counted. ErrState if there is none, or max tries were taken before.
	TakeAccountTry(ctx context.Context, id string, max int) (Code, error)
	// ProveAccount records the account proof, sets the mailbox code and puts the
	// mail (nil: none goes out) in the outbox. ErrState if the account is not awaited.
	ProveAccount(ctx context.Context, id string, at time.Time, c Code, mail *OutboxEntry) error
	// RenewMailboxCode replaces the mailbox code by a fresh one, on which the tries
	// taken so far still count, and puts its mail in the outbox. ErrState if the mailbox is not awaited or max codes were sent.
	RenewMailboxCode(ctx context.Context, id string, c Code, mail *OutboxEntry, max int) error
	// TakeMailboxTry counts one try at the MailboxCode, as TakeAccountTry.
	TakeMailboxTry(ctx context.Context, id string, max int) (Code, error)
	// ProveMailbox accepts the code of that hash, once: ErrState the second time.
	ProveMailbox(ctx context.Context, id string, codeHash []byte, at time.Time) error
	// EndRequest ends a request that has not ended yet: ErrState if it has.
	EndRequest(ctx context.Context, id string, end State) error
}

// Issuance is all that one transaction writes when an attestation is issued.
type Issuance struct {
	RequestID   string
	Badge       Badge
	Attestation Attestation
	Event       Event
	Mail        *OutboxEntry
	// ReplacedMail is sent when a badge in force for the same mailbox was revoked.
	ReplacedMail *OutboxEntry
}

// IssueStore commits issuances.
type IssueStore interface {
	// FreeIndex gives a random index that nothing holds yet in the open status
	// list. It reserves nothing.
	FreeIndex(ctx context.Context) (list, index int64, err error)
	// Issue writes the badge, the attestation, its status index, the event and the
	// mail, marks the request issued, and revokes (with events, reason Replaced) any
	// other badge in force of the same mailbox; or does none of it: ErrState if the
	// request is not proven, ErrKeyNotActive, ErrAccountTaken, ErrIndexTaken.
	Issue(ctx context.Context, i Issuance) error
	// Renew does the same under a badge that is there: everything that the badge says
	// but its id, kind, listing and creation becomes the issuance's, and one that had
	// ended is in force again. ErrState and so on as above; ErrNotFound if it was erased,
	// ErrRevoked, ErrSuspended; of one that has ended ErrAccountTaken or
	// ErrMailboxTaken if another badge in force has the one or the other.
	Renew(ctx context.Context, i Issuance) error
}

// StatusChange is one act on a badge.
type StatusChange struct {
	BadgeID string
	To      verify.Status
	At      time.Time
	By      string
	Reason  Reason
	Note    []byte       // sealed under the badge's own key
	Mail    *OutboxEntry // that tells of it, if anything changed; nil for none
}

// BadgeStore finds badges and changes their status.
type BadgeStore interface {
	// Badge gives a badge with its latest attestation, or ErrNotFound.
	Badge(ctx context.Context, id string) (Published, error)
	// Reserved finds the newest request that awaits a proof or its issuing and holds
	// a badge id, or ErrNotFound. Expiry is judged by the caller.
	Reserved(ctx context.Context, badgeID string) (Request, error)
	// BadgeOfAccount gives the badge in force of an actor, or ErrNotFound.
	BadgeOfAccount(ctx context.Context, actorID string, now time.Time) (Published, error)
	// BadgeOfMailbox gives the badge in force of a mailbox, or ErrNotFound.
	BadgeOfMailbox(ctx context.Context, mailboxKey []byte, now time.Time) (Published, error)
	// BadgeOfHandle gives a listed badge of a handle, in force or not, or ErrNotFound: of
	// several the one that no other took the place of and that is not revoked, or
	// else the newest.
	BadgeOfHandle(ctx context.Context, h acct.Handle) (Published, error)
	// Badges lists badges by id.
	Badges(ctx context.Context, f BadgeFilter) ([]Published, error)
	// ChangeStatus changes the status of a badge and of every attestation under it
	// that has not ended, with an event each, and says whether anything changed.
	// The same status again changes nothing; ErrRevoked when it is revoked and To
	// is another; ErrEnded; ErrNotFound.
	ChangeStatus(ctx context.Context, c StatusChange) (changed bool, err error)
	// GiveKey gives a badge that has none a key of its own, with its mailbox sealed
	// under that. It changes nothing where a key is there, or another mailbox.
	GiveKey(ctx context.Context, badgeID string, ownKey, formerMailbox, mailbox []byte) error
}

// AccessStore is what an agent needs who wants to be let at what is kept.
type AccessStore interface {
	// AddAccess keeps a new request whose mailbox code is out already, and puts the
	// mail (nil: none goes out) in the outbox; ErrNotFound if the badge is erased.
	AddAccess(ctx context.Context, r Request, mail *OutboxEntry) error
	// ProveAccess records the account proof of a request for access, which needs no
	// other. ErrState if the account is not awaited.
	ProveAccess(ctx context.Context, id string, at time.Time) error
	// ProvenAbout gives the requests about a badge that have every proof they need, the
	// newest first, at most 1,000.
	ProvenAbout(ctx context.Context, badgeID string) ([]Request, error)
	// AttestationsUnder gives the attestations under a badge, oldest first, without
	// their tokens.
	AttestationsUnder(ctx context.Context, badgeID string) ([]Recorded, error)
	// ActsOn gives the events of a badge but those of issuing, oldest first.
	ActsOn(ctx context.Context, badgeID string) ([]Event, error)
	// Erase revokes every attestation under a badge, those that have ended too, and
	// destroys what says whom it names: in its row, with its own key, in requests and in
	// mails that wait. From then on it is ErrNotFound.
	Erase(ctx context.Context, badgeID string, at time.Time) error
}

// Limit is one ceiling: at most Max in each fixed Window.
type Limit struct {
	Name   string // "client", "mailbox", …
	Key    []byte // keyed hash of what is counted
	Window time.Duration
	Max    int
}

// LimitStore counts in windows that all processes share.
type LimitStore interface {
	// Count adds one under each limit in turn, until one is thereby exceeded: it
	// names that one, with the end of its window, and leaves those after it alone,
	// so that whoever is refused uses up nobody else's share. exceeded is nil if
	// none is.
	Count(ctx context.Context, now time.Time, limits ...Limit) (exceeded *Limit, until time.Time, err error)
	// Counted says how many stand under a limit in its present window, adding none.
	Counted(ctx context.Context, now time.Time, l Limit) (int, error)
	// StopMail keeps a mailbox from getting code mails and reminders until the time.
	StopMail(ctx context.Context, mailboxKey []byte, until time.Time) error
	// MailStopped says whether it is.
	MailStopped(ctx context.Context, mailboxKey []byte, now time.Time) (bool, error)
	// AddOutbox keeps an entry that belongs to no other act.
	AddOutbox(ctx context.Context, e OutboxEntry) error
}

// Store is all of it.
type Store interface {
	RequestStore
	IssueStore
	BadgeStore
	AccessStore
	LimitStore
}
