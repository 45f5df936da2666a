package attest

import (
	"context"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/agency"
	"cocarde.example/verify"
)

// Fediverse is the agent's side of the network. Errors are faults that may be
// shown, of kind Invalid, NotFound or Upstream.
type Fediverse interface {
	// Resolve finds the actor of a handle, confirmed from both sides.
	Resolve(ctx context.Context, h acct.Handle) (Actor, error)
	// AuthorizeURL gives the URL at which the account's holder signs in, having
	// registered the program at the instance if need be.
	AuthorizeURL(ctx context.Context, a SignInAt) (string, error)
	// FinishSignIn exchanges the authorization code, asks who signed in, and gives the
	// access token back. A token that could not be given back comes as unrevoked,
	// whether or not err is nil.
	FinishSignIn(ctx context.Context, a SignInAt, code string) (actorID string, unrevoked *Revocation, err error)
}

// SignInAt is one sign-in at one instance.
type SignInAt struct {
	Host        acct.Host
	RedirectURI string
	State       string // the OAuth state parameter; empty when finishing
	Verifier    string // PKCE code verifier (RFC 7636 §4.1)
}

// Profiles looks at profiles for the link proof.
type Profiles interface {
	// FindLink looks for a link in the profile of an actor as it is now, fetched
	// anew from its id. Not to find it, or not to be able to read the profile's page,
	// is no error. Errors are faults that may be shown: the account is gone, has
	// moved or is suspended, or its instance does not answer as it should.
	FindLink(ctx context.Context, a Actor, link string) (Sighting, error)
}

// Mailboxes says whether a mail domain has an MX of its own. Errors are faults
// that may be shown.
type Mailboxes interface {
	CheckMX(ctx context.Context, domain acct.Host) error
}

// Agencies decides which mailboxes may be attested. Errors are faults that may be shown.
type Agencies interface {
	Match(domain acct.Host) (agency.Match, error)
}

// Vault seals what rests and hashes what is only compared.
type Vault interface {
	// Seal encrypts under the sealing key, bound to a purpose.
	Seal(purpose string, plain []byte) []byte
	// Open reverses Seal; an error means other keys, another purpose, or tampering.
	Open(purpose string, sealed []byte) ([]byte, error)
	// NewOwnKey makes a key for one badge alone, and gives it sealed.
	NewOwnKey() []byte
	// SealUnder and OpenUnder are Seal and Open under a key that NewOwnKey made.
	SealUnder(ownKey []byte, purpose string, plain []byte) ([]byte, error)
	OpenUnder(ownKey []byte, purpose string, sealed []byte) ([]byte, error)
	// MailboxKey is the keyed hash under which a mailbox is looked up.
	MailboxKey(a acct.Address) []byte
	// CodeHash is the keyed hash of a code, a token, or what a limit counts, under a purpose.
	CodeHash(purpose string, parts ...string) []byte
}

// Signer signs with the issuer's active key.
type Signer interface {
	// Sign gives the JWS in compact form (RFC 7515 §3.1) and the key's id.
	Sign(typ string, payload []byte) (jws, kid string, err error)
	// Reload learns at once which key is active, when this one turned out not to be.
	Reload(ctx context.Context) error
}

// Pseudonyms computes the log's VRF outputs.
type Pseudonyms interface {
	Outputs(acctURI, agencyDomain string) (account, agency []byte, err error)
}

// Checker checks an attestation, as any verifier would, beside an account.
type Checker interface {
	Verify(ctx context.Context, token string, account verify.Account) verify.Report
}
