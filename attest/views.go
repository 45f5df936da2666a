package attest

import (
	"time"

	"cocarde.example/internal/acct"
)

// Beginning is what an agent asks for. Handle and Email are as typed.
type Beginning struct {
	Handle string
	Email  string
	Method string
	Lang   string
	Listed bool
	Client string // who asks, as limits count: an address or an IPv6 /64
}

// View is what whoever holds a request's token may see of it.
type View struct {
	ID           string
	Purpose      Purpose
	State        State
	Method       Method
	Lang         string      // of its pages and mails
	Handle       acct.Handle // canonical
	Actor        Actor
	Agency       Agency
	BadgeURL     string
	LinkURL      string    // what the profile must show; empty but by link
	AuthorizeURL string    // only where a sign-in has just begun
	Link         *Sighting // only where the profile was just looked at for LinkURL
	Code         *CodeView // of the code to be typed next; nil if none is out
	CodesLeft    int       // mails with a code that may still be sent
	MailError    string    // code of why the newest mail could not be delivered; empty while it is on its way
	Listed       bool
	ExpiresAt    time.Time
}

// CodeView is what may be told of a code that was given out.
type CodeView struct {
	TriesLeft int // a new code brings no new ones
	ExpiresAt time.Time
}

// BrowserCookie is the cookie that holds Begun.Browser. Its prefix makes browsers
// bind it to the issuer's host (RFC 6265bis §4.1.3.2).
const BrowserCookie = "__Host-cocarde-request"

// Begun is a request that has just begun, or the next attempt at its account proof.
type Begun struct {
	View
	Token   string // bearer token of the request; given once, when it begins
	Browser string // secret for the asking browser's cookie; empty where no sign-in has begun
	// SignInEnds is until when the sign-in can be completed; zero where none has begun.
	SignInEnds time.Time
}

// Callback is what an instance sent a browser back with.
type Callback struct {
	Instance string // from the path: the host of the redirect URI
	State    string
	Code     string
	Error    string // the OAuth error code, if the sign-in failed there
	Browser  string // from the cookie; empty if there is none
}

// SignedIn is how a sign-in ended. Code is empty when it completed the account
// proof. Otherwise the browser is not the one that asked: nothing is completed,
// and Code is shown for whoever holds the request's token.
type SignedIn struct {
	View   View
	Code   string
	Issuer string
}

// IssuedAnswer is what the agent gets, each time the same.
type IssuedAnswer struct {
	BadgeID        string
	Attestation    string // public form
	WithDisclosure string // reveals the mailbox; for the agent alone
	BadgeURL       string
}
