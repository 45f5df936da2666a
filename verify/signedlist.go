package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// TypeStatusList is the typ of a status list token's header; its media type is
// application/statuslist+jwt.
const TypeStatusList = "statuslist+jwt"

// MaxListToken is the size in bytes above which a status list token is refused
// unread: 1 MiB that does not compress, twice in base64url.
const MaxListToken = 2 << 20

// MaxAhead is by how much an iat or nbf may be ahead of the clock of whoever checks:
// clocks differ.
const MaxAhead = 60 * time.Second

// ListClaims is the payload of a status list token. Times are in Unix seconds.
type ListClaims struct {
	URI       string // sub
	IssuedAt  int64
	ExpiresAt int64 // 0: not stated
	TTL       int64 // seconds for which a copy may be kept; 0: not stated
}

// Payload gives the JSON to sign.
func (c ListClaims) Payload(list *StatusList) ([]byte, error) {
	lst, err := list.Encode()
	if err != nil {
		return nil, err
	}
	type packed struct {
		Bits int    `json:"bits"`
		Lst  string `json:"lst"`
	}
	return json.Marshal(struct {
		URI       string `json:"sub"`
		IssuedAt  int64  `json:"iat"`
		ExpiresAt int64  `json:"exp,omitempty"`
		TTL       int64  `json:"ttl,omitempty"`
		List      packed `json:"status_list"`
	}{c.URI, c.IssuedAt, c.ExpiresAt, c.TTL, packed{list.bits, lst}})
}

// SignedList is a status list whose token was verified. It is safe for concurrent use.
type SignedList struct {
	claims ListClaims
	list   *StatusList
	kid    string
	key    *publicKey
}

// VerifyStatusList verifies a status list token (draft-ietf-oauth-status-list §5.1,
// §8.3): type, signature by a key of the issuer, sub equal to uri, times, contents.
func VerifyStatusList(token string, iss *Issuer, uri string, now time.Time) (*SignedList, error) {
	if len(token) > MaxListToken {
		return nil, errors.New("the status list token is larger than 2 MiB")
	}
	t, err := parseJWS(token)
	if err != nil {
		return nil, err
	}
	if fail := t.checkHeader(TypeStatusList); fail != nil {
		return nil, errors.New(fail.detail)
	}
	kid := t.header.str("kid")
	key, fail := iss.key(kid)
	if fail != nil {
		return nil, errors.New(fail.detail)
	}
	if !t.verify(key) {
		return nil, errors.New("the status list's signature does not hold")
	}
	claims, err := readListClaims(t.payload, uri)
	if err != nil {
		return nil, err
	}
	if err := claims.checkTime(now); err != nil {
		return nil, err
	}
	list, err := readList(t.payload)
	if err != nil {
		return nil, fmt.Errorf("status list: %w", err)
	}
	return &SignedList{claims, list, kid, key}, nil
}

func readListClaims(p value, uri string) (ListClaims, error) {
	if p.str("sub") != uri {
		return ListClaims{}, errors.New("the status list is of another URI")
	}
	c := ListClaims{URI: uri}
	for _, claim := range []struct {
		name     string
		to       *int64
		required bool
	}{{"iat", &c.IssuedAt, true}, {"exp", &c.ExpiresAt, false}, {"ttl", &c.TTL, false}} {
		if !claim.required && !p.has(claim.name) {
			continue
		}
		if err := requireTime(p, claim.name); err != nil {
			return ListClaims{}, fmt.Errorf("status list: %w", err)
		}
		*claim.to, _ = p.integer(claim.name)
	}
	if p.has("exp") && c.ExpiresAt == 0 {
		return ListClaims{}, errors.New("the status list has expired")
	}
	return c, nil
}

func (c ListClaims) checkTime(now time.Time) error {
	if time.Unix(c.IssuedAt, 0).After(now.Add(MaxAhead)) {
		return errors.New("the status list is from the future")
	}
	if c.ExpiresAt != 0 && c.ExpiresAt <= now.Unix() {
		return errors.New("the status list has expired")
	}
	return nil
}

func readList(p value) (*StatusList, error) {
	list, _ := p.get("status_list")
	bits, ok := list.integer("bits")
	lst, _ := list.get("lst")
	if !ok || lst.kind != kindString {
		return nil, errors.New("bits or lst is absent or of the wrong kind")
	}
	return DecodeStatusList(int(bits), lst.text)
}

// Status gives the entry at an index, ErrIndex where there is none.
func (l *SignedList) Status(idx int64) (Status, error) { return l.list.Status(idx) }

// FreshUntil is the list's exp; the zero time if it states none.
func (l *SignedList) FreshUntil() time.Time {
	if l.claims.ExpiresAt == 0 {
		return time.Time{}
	}
	return time.Unix(l.claims.ExpiresAt, 0)
}

// IssuedAt is the list's iat: of two lists of one URI the later one counts.
func (l *SignedList) IssuedAt() time.Time { return time.Unix(l.claims.IssuedAt, 0) }

// TTL is for how long the issuer wants a copy to be kept; zero if it does not say.
func (l *SignedList) TTL() time.Duration {
	return time.Duration(min(l.claims.TTL, maxTTL)) * time.Second
}

const maxTTL = 366 * 24 * 3600 // seconds; more would mean no more, and might overflow

// Size is the memory that the list takes, in bytes.
func (l *SignedList) Size() int { return len(l.list.data) }

// SignedBy says whether the key that signed the list is still one of the issuer's,
// unchanged and not revoked.
func (l *SignedList) SignedBy(iss *Issuer) bool {
	key, fail := iss.key(l.kid)
	return fail == nil && l.key.same(key)
}

// ListKey reads the kid of a status list token, unverified: whoever holds an
// issuer's keys can tell from it whether they are the newest.
func ListKey(token string) string {
	head, _, _ := strings.Cut(token, ".")
	if len(head) > MaxToken {
		return ""
	}
	header, err := decodeObject(head)
	if err != nil {
		return ""
	}
	return header.str("kid")
}
