package attest

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/retention"
	"cocarde.example/verify"
)

// DefaultValidity is how long an attestation holds: people leave, accounts are sold.
const DefaultValidity = 180 * day

// issueTries bounds how often an index that was free when looked up may turn out
// to be taken when committed, or the key that signed to be active no more.
const issueTries = 8

// ErrNotReady: the program cannot do its work at the moment.
var ErrNotReady = fault.New(fault.Unavailable, "not_ready",
	"This server cannot work now; its log says why. Try again in a moment.").After(time.Second)

// saltSize is in bytes (RFC 9901 §9.3 asks for 128 bits).
const saltSize = 16

// Issue gives the attestation once both proofs stand. Until the request ends it
// gives the same answer again: a lost answer is no loss.
func (q *Requests) Issue(ctx context.Context, id, token string) (IssuedAnswer, error) {
	r, err := q.open(ctx, id, token)
	if err != nil {
		return IssuedAnswer{}, err
	}
	switch {
	case r.State == Issued:
		return q.repeat(ctx, r, token)
	case r.State == Proven && r.Purpose != ForAccess:
	default:
		return IssuedAnswer{}, errOutOfTurn
	}
	if err := q.closed(); err != nil {
		return IssuedAnswer{}, err
	}
	answer, err := q.issue(ctx, r, token)
	if !errors.Is(err, ErrState) {
		return answer, err
	}
	// Another call came first: its answer is ours too.
	if r, err = q.open(ctx, id, token); err != nil {
		return IssuedAnswer{}, err
	}
	if r.State != Issued {
		return IssuedAnswer{}, errOutOfTurn
	}
	return q.repeat(ctx, r, token)
}

// issue tries until a status index is its own, and the key active that signs.
func (q *Requests) issue(ctx context.Context, r Request, token string) (IssuedAnswer, error) {
	address, err := q.address(r)
	if err != nil {
		return IssuedAnswer{}, err
	}
	badge, err := q.badgeToBe(ctx, r)
	if err != nil {
		return IssuedAnswer{}, err
	}
	for range issueTries {
		answer, err := q.issueOnce(ctx, r, badge, address, token)
		switch {
		case errors.Is(err, ErrIndexTaken):
			continue
		case errors.Is(err, ErrKeyNotActive): // it was retired or revoked a moment ago
			if err := q.signer.Reload(ctx); err != nil {
				return IssuedAnswer{}, err
			}
			continue
		}
		return answer, whyNotIssued(err)
	}
	return IssuedAnswer{}, errors.New("no free status index was found, or no active key")
}

// whyNotIssued tells what became of the account, the mailbox or the badge meanwhile.
func whyNotIssued(err error) error {
	for cause, refusal := range map[error]error{
		ErrAccountTaken: errAccountHasBadge, ErrMailboxTaken: errMailboxHasBadge,
		ErrRevoked: errBadgeRevoked, ErrSuspended: errBadgeSuspended, ErrNotFound: errNoBadge,
	} {
		if errors.Is(err, cause) {
			return refusal
		}
	}
	return err
}

// issueOnce signs, checks what was signed as a stranger would, and commits.
func (q *Requests) issueOnce(ctx context.Context, r Request, b Badge, address acct.Address, token string) (IssuedAnswer, error) {
	list, index, err := q.store.FreeIndex(ctx)
	if err != nil {
		return IssuedAnswer{}, fmt.Errorf("find status index: %w", err)
	}
	a := Attestation{
		JTI: randomSecret(16), BadgeID: b.ID, List: list, Index: index,
		IssuedAt: b.CreatedAt.Truncate(time.Hour),
	}
	a.ExpiresAt = a.IssuedAt.Add(q.validity)
	disclosure, err := discloseMailbox(token, a.JTI, address)
	if err != nil {
		return IssuedAnswer{}, err
	}
	payload, err := q.claims(r, b, a).Payload(disclosure)
	if err != nil {
		return IssuedAnswer{}, fmt.Errorf("encode claims: %w", err)
	}
	jws, kid, err := q.signer.Sign(verify.TypeSDJWT, payload)
	if err != nil {
		return IssuedAnswer{}, fmt.Errorf("sign attestation: %w", err)
	}
	a.KID, a.Token = kid, verify.Compose(jws)
	full := verify.Compose(jws, disclosure)
	if err := q.checkOwn(ctx, full, r); err != nil {
		return IssuedAnswer{}, err
	}
	i, err := q.issuance(r, b, a, jws, address)
	if err != nil {
		return IssuedAnswer{}, err
	}
	commit := q.store.Issue
	if r.Purpose == ForRenewal {
		commit = q.store.Renew
	}
	if err := commit(ctx, i); err != nil {
		return IssuedAnswer{}, fmt.Errorf("commit issuance: %w", err)
	}
	return IssuedAnswer{BadgeID: b.ID, Attestation: a.Token, WithDisclosure: full, BadgeURL: q.badgeURL(b.ID)}, nil
}

// checkOwn keeps an attestation from leaving that no verifier would accept.
func (q *Requests) checkOwn(ctx context.Context, full string, r Request) error {
	report := q.checker.Verify(ctx, full, verify.ForHandle(r.Actor.Handle.String()))
	if report.Valid {
		return nil
	}
	switch report.Code {
	case verify.StatusUnavailable:
		return ErrNotReady
	case verify.KeyRevoked:
		return ErrKeyNotActive
	}
	for _, c := range report.Checks {
		if c.Outcome == verify.Failed {
			return fmt.Errorf("own attestation fails the check %s: %s: %s", c.Name, c.Code, c.Detail)
		}
	}
	return fmt.Errorf("own attestation is not valid: %s", report.Code)
}

// repeat gives the answer of an issuance again, from the request's token and the jti.
func (q *Requests) repeat(ctx context.Context, r Request, token string) (IssuedAnswer, error) {
	p, err := found(errNoBadge)(q.store.Badge(ctx, r.BadgeID))
	if err != nil {
		return IssuedAnswer{}, err
	}
	a := p.Attestation
	if a.JTI != r.JTI {
		return IssuedAnswer{}, errSuperseded
	}
	address, err := q.address(r)
	if err != nil {
		return IssuedAnswer{}, err
	}
	disclosure, err := discloseMailbox(token, a.JTI, address)
	if err != nil {
		return IssuedAnswer{}, err
	}
	return IssuedAnswer{
		BadgeID: r.BadgeID, Attestation: a.Token, BadgeURL: q.badgeURL(r.BadgeID),
		WithDisclosure: verify.Compose(strings.TrimSuffix(a.Token, "~"), disclosure),
	}, nil
}

// claims says what was proven and nothing more. Times are coarse: they must not
// point to one mail in an agency's gateway.
func (q *Requests) claims(r Request, b Badge, a Attestation) verify.Claims {
	return verify.Claims{
		Issuer: q.issuer, Subject: r.Actor.ID, Acct: r.Actor.Handle.URI(),
		VCT:      verify.VCT(q.issuer, string(b.Kind)),
		IssuedAt: a.IssuedAt.Unix(), NotBefore: a.IssuedAt.Unix(), ExpiresAt: a.ExpiresAt.Unix(),
		Agency:       verify.Agency{Domain: r.Agency.Domain, Name: r.Agency.Name, Country: r.Agency.Country},
		AccountProof: verify.Proof{Method: string(r.Method), At: r.AccountProofAt.Truncate(day).Unix()},
		MailboxProof: verify.Proof{Method: "code", At: r.MailboxProofAt.Truncate(day).Unix()},
		StatusIndex:  a.Index, StatusURI: q.issuer + "/status/" + strconv.FormatInt(a.List, 10), ID: a.JTI,
	}
}

// issuance is what one transaction writes.
func (q *Requests) issuance(r Request, b Badge, a Attestation, jws string, address acct.Address) (Issuance, error) {
	hash := sha256.Sum256([]byte(jws))
	m := Message{
		Kind: MailIssued, To: address.String(), Lang: r.Lang, Issuer: q.issuer,
		Handle: r.Actor.Handle.String(), Instance: r.Actor.Host.String(), Agency: r.Agency.Domain,
		BadgeURL: q.badgeURL(b.ID),
	}
	mail, err := q.mailEntry(m, b.ID, q.now().Add(retention.Notice))
	if err != nil {
		return Issuance{}, err
	}
	m.Kind = MailReplaced
	replaced, err := q.mailEntry(m, b.ID, q.now().Add(retention.Notice))
	if err != nil {
		return Issuance{}, err
	}
	return Issuance{
		RequestID: r.ID, Badge: b, Attestation: a, Mail: mail, ReplacedMail: replaced,
		Event: Event{
			Kind: EventIssued, At: b.CreatedAt, By: "agent", BadgeID: b.ID, JTI: a.JTI,
			List: a.List, Index: a.Index, TokenHash: hash[:],
		},
	}, nil
}

// discloseMailbox makes the disclosure of the mailbox, the same each time: the
// salt is derived from the request's token, which we keep only as a hash, and the
// jti (HKDF, RFC 5869).
func discloseMailbox(token, jti string, address acct.Address) (verify.Disclosure, error) {
	salt, err := hkdf.Key(sha256.New, []byte(token), []byte(jti), "cocarde disclosure salt: email", saltSize)
	if err != nil {
		return "", fmt.Errorf("derive salt: %w", err)
	}
	return verify.NewDisclosure(salt, verify.ClaimEmail, address.String())
}
