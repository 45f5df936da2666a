package verify

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// Config is what a Verifier works with.
type Config struct {
	// Source gives keys and status lists, and decides whom to trust. Required.
	Source Source
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// MaxSeen and MaxSeenBytes bound what is remembered of tokens that held. Zero
	// means 10,000 tokens and 32 MiB; a negative MaxSeenBytes remembers nothing.
	MaxSeen, MaxSeenBytes int
}

const (
	defaultMaxSeen      = 10_000
	defaultMaxSeenBytes = 32 << 20
)

// Verifier checks attestations. It is safe for concurrent use.
type Verifier struct {
	source Source
	now    func() time.Time
	seen   *seen
}

// New makes a Verifier.
func New(c Config) *Verifier {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.MaxSeen == 0 {
		c.MaxSeen = defaultMaxSeen
	}
	if c.MaxSeenBytes == 0 {
		c.MaxSeenBytes = defaultMaxSeenBytes
	}
	return &Verifier{c.Source, c.Now, newSeen(c.MaxSeen, c.MaxSeenBytes)}
}

// Verify checks a token in compact form, byte for byte as given, for the account
// beside which it was shown. It always gives a full report.
func (v *Verifier) Verify(ctx context.Context, token string, account Account) Report {
	b, fail := v.believe(ctx, token)
	if fail != nil {
		return newReport(nil, nil, account, fail)
	}
	now := v.now()
	if fail := b.checkTime(now); fail != nil {
		return newReport(b, nil, account, fail)
	}
	if !account.any && account.acct != b.acct {
		return newReport(b, nil, account, failed(checkSubject, SubjectMismatch, "the attestation is of another account"))
	}
	status, fail := v.status(ctx, b, now)
	return newReport(b, status, account, fail)
}

// believe carries out the checks from format to vct: from memory what the bytes
// decide, anew what the issuer's keys do.
func (v *Verifier) believe(ctx context.Context, token string) (*believed, *failure) {
	b := v.seen.get(token)
	if b != nil {
		key, fail := v.key(ctx, b.iss, b.kid)
		if fail != nil {
			return nil, fail
		}
		if key.same(b.key) {
			return b, nil
		}
	}
	t, fail := parse(token)
	if fail != nil {
		return nil, fail
	}
	key, fail := v.key(ctx, t.iss, t.kid)
	if fail != nil {
		return nil, fail
	}
	if b, fail = t.believe(key); fail != nil {
		return nil, fail
	}
	v.seen.put(token, b)
	return b, nil
}

// key carries out the checks issuer and key.
func (v *Verifier) key(ctx context.Context, iss, kid string) (*publicKey, *failure) {
	issuer, err := v.source.Issuer(ctx, iss)
	if err != nil {
		return nil, issuerFailure(checkIssuer, err)
	}
	if kid == "" {
		return nil, failed(checkKey, KeyNotFound, "the header names no key")
	}
	if !issuer.HasKey(kid) {
		if issuer, err = v.source.Refresh(ctx, iss); err != nil {
			return nil, issuerFailure(checkKey, err)
		}
	}
	return issuer.key(kid)
}

func issuerFailure(check int, err error) *failure {
	code := IssuerUnreachable
	switch {
	case errors.Is(err, ErrIssuerUntrusted):
		code = IssuerUntrusted
	case errors.Is(err, ErrIssuerMismatch):
		code = IssuerMismatch
	}
	return failed(check, code, "%s", brief(err))
}

func (b *believed) checkTime(now time.Time) *failure {
	if b.notBefore.After(now.Add(MaxAhead)) {
		return failed(checkTime, NotYetValid, "valid from %s", b.notBefore.UTC().Format(time.RFC3339))
	}
	if !now.Before(b.attested.ExpiresAt) {
		return failed(checkTime, Expired, "expired at %s", b.attested.ExpiresAt.Format(time.RFC3339))
	}
	return nil
}

// status carries out the check status. It gives the status wherever one was read.
func (v *Verifier) status(ctx context.Context, b *believed, now time.Time) (*Status, *failure) {
	if err := CheckListURI(b.iss, b.claims.StatusURI); err != nil {
		return nil, failed(checkStatus, StatusUnavailable, "%s", err)
	}
	if b.claims.StatusIndex < 0 {
		return nil, failed(checkStatus, StatusInvalid, "%s", ErrIndex)
	}
	list, err := v.source.StatusList(ctx, b.iss, b.claims.StatusURI)
	if err != nil {
		return nil, failed(checkStatus, StatusUnavailable, "%s", brief(err))
	}
	if until := list.FreshUntil(); !until.IsZero() && !now.Before(until) {
		return nil, failed(checkStatus, StatusUnavailable, "the status list has expired")
	}
	status, err := list.Status(b.claims.StatusIndex)
	switch {
	case errors.Is(err, ErrIndex):
		return nil, failed(checkStatus, StatusInvalid, "%s", ErrIndex)
	case err != nil:
		return nil, failed(checkStatus, StatusUnavailable, "%s", brief(err))
	}
	switch status {
	case Valid:
		return &status, nil
	case Revoked:
		return &status, failed(checkStatus, StatusRevoked, "the issuer has revoked the attestation")
	case Suspended:
		return &status, failed(checkStatus, StatusSuspended, "the issuer has suspended the attestation")
	}
	return nil, failed(checkStatus, StatusInvalid, "the status list gives %d, which is no status", status)
}

// brief is an error's text cut to what a report can bear.
func brief(err error) string {
	s := err.Error()
	if len(s) > maxDetail {
		s = s[:maxDetail] + "…"
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	return s
}

const maxDetail = 300 // bytes
