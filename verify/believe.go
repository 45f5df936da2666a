package verify

import (
	"errors"
	"strings"
	"time"
)

// MaxToken is the size in bytes above which a token is refused unread.
const MaxToken = 64 << 10

var errTooLong = errors.New("the token is larger than 64 KiB")

// unbelieved is a token taken apart, of which nothing is verified.
type unbelieved struct {
	jws
	disclosures []string
	iss, kid    string
}

// believed is what a token's bytes decide under one key, once it all held. It never
// changes.
type believed struct {
	iss, kid  string
	key       *publicKey
	claims    Claims
	acct      string // as parseAcct gives it
	attested  Attested
	notBefore time.Time // the later of nbf and iat
}

// parse carries out the checks format, algorithm, type and critical.
func parse(token string) (*unbelieved, *failure) {
	if len(token) > MaxToken {
		return nil, failed(checkFormat, MalformedToken, "%s", errTooLong)
	}
	compact, disclosures, rest, err := splitToken(token)
	if err == nil && rest != "" {
		err = errors.New(`a key-binding JWT follows the last "~", or the last "~" is missing`)
	}
	if err != nil {
		return nil, failed(checkFormat, MalformedToken, "%s", err)
	}
	t, err := parseJWS(compact)
	if err != nil {
		return nil, failed(checkFormat, MalformedToken, "%s", err)
	}
	if fail := t.checkHeader(TypeSDJWT); fail != nil {
		return nil, fail
	}
	u := &unbelieved{t, disclosures, t.payload.str("iss"), t.header.str("kid")}
	if u.iss == "" {
		return nil, failed(checkIssuer, ClaimMissing, "iss is absent or not a string")
	}
	return u, nil
}

// believe carries out the checks signature, disclosures, claims and vct.
func (u *unbelieved) believe(key *publicKey) (*believed, *failure) {
	if !u.verify(key) {
		return nil, failed(checkSignature, BadSignature, "the signature does not hold under the issuer's key")
	}
	payload, email, err := discloseEmail(u.payload, u.disclosures)
	if err != nil {
		return nil, failed(checkDisclosures, DisclosureInvalid, "%s", err)
	}
	c := readClaims(payload)
	if err := requireClaims(payload, c); err != nil {
		return nil, failed(checkClaims, ClaimMissing, "%s", err)
	}
	k, ok := kindOf(c)
	if !ok {
		return nil, failed(checkVCT, VCTUnsupported, "vct is none of the issuer's kinds of attestation")
	}
	b := &believed{iss: u.iss, kid: u.kid, key: key, claims: c}
	b.acct, _ = parseAcct(strings.TrimPrefix(c.Acct, "acct:"))
	b.notBefore = time.Unix(max(c.NotBefore, c.IssuedAt), 0)
	b.attested = Attested{
		ID: c.ID, Type: k, Issuer: c.Issuer,
		Handle: "@" + strings.TrimPrefix(c.Acct, "acct:"), Actor: c.Subject, Agency: c.Agency,
		IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(c.ExpiresAt, 0).UTC(),
		Mailbox: email,
	}
	return b, nil
}

// discloseEmail processes the disclosures and holds the payload to what an
// attestation may disclose: email, and nothing else.
func discloseEmail(payload value, disclosures []string) (processed value, email string, err error) {
	if len(disclosures) > 1 {
		return value{}, "", errors.New("more than the one disclosure that there can be")
	}
	processed, u, err := unpack(payload, disclosures)
	if err != nil {
		return value{}, "", err
	}
	if u.nested {
		return value{}, "", errors.New("a part of a claim is selectively disclosable")
	}
	for _, d := range u.done {
		if d.name != ClaimEmail {
			return value{}, "", errors.New("another claim than email is disclosed")
		}
		if !isMailbox(d.value) {
			return value{}, "", errors.New("the disclosed email is not an address")
		}
		email = d.value.text
	}
	return processed, email, nil
}

func isMailbox(v value) bool {
	at := strings.LastIndexByte(v.text, '@')
	return v.kind == kindString && len(v.text) <= 254 && at > 0 && at < len(v.text)-1
}

func kindOf(c Claims) (string, bool) {
	for _, k := range []string{KindMailbox, KindAccount} {
		if c.VCT == VCT(c.Issuer, k) {
			return k, true
		}
	}
	return "", false
}
