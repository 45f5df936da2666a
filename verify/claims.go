package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// TypeSDJWT is the typ of an attestation's header; its media type is
// application/dc+sd-jwt.
const TypeSDJWT = "dc+sd-jwt"

// The kinds of attestation.
const (
	KindMailbox = "agency-mailbox" // a person's mailbox
	KindAccount = "agency-account" // the agency's own account
)

// ClaimEmail is the one claim that may be disclosed selectively.
const ClaimEmail = "email"

// VCT is the vct of an issuer's attestations of a kind.
func VCT(iss, kind string) string { return iss + "/vct/" + kind + "/v1" }

// Agency is the public body that gave the mailbox.
type Agency struct {
	Domain  string `json:"domain"`
	Name    string `json:"name,omitempty"`
	Country string `json:"country,omitempty"` // ISO 3166-1 alpha-2
}

// Proof is one of the two that an attestation rests on.
type Proof struct {
	Method string `json:"method"`
	At     int64  `json:"at"` // Unix seconds
}

// Claims is the payload of an attestation. Times are in Unix seconds.
type Claims struct {
	Issuer       string
	Subject      string // the actor's id
	Acct         string // "acct:user@host"
	VCT          string
	IssuedAt     int64
	NotBefore    int64
	ExpiresAt    int64
	Agency       Agency
	AccountProof Proof
	MailboxProof Proof
	StatusIndex  int64
	StatusURI    string
	ID           string // jti
}

type statusRef struct {
	List struct {
		Index int64  `json:"idx"`
		URI   string `json:"uri"`
	} `json:"status_list"`
}

// Payload gives the JSON to sign, with the digests of what may be disclosed.
func (c Claims) Payload(disclosures ...Disclosure) ([]byte, error) {
	digests := make([]string, len(disclosures))
	for i, d := range disclosures {
		digests[i] = d.Digest()
	}
	slices.Sort(digests) // their order must tell nothing (RFC 9901 §4.2.4.1)
	p := struct {
		Issuer       string    `json:"iss"`
		Subject      string    `json:"sub"`
		Acct         string    `json:"acct"`
		VCT          string    `json:"vct"`
		IssuedAt     int64     `json:"iat"`
		NotBefore    int64     `json:"nbf"`
		ExpiresAt    int64     `json:"exp"`
		Agency       Agency    `json:"agency"`
		AccountProof Proof     `json:"account_proof"`
		MailboxProof Proof     `json:"mailbox_proof"`
		Status       statusRef `json:"status"`
		ID           string    `json:"jti"`
		SDAlg        string    `json:"_sd_alg,omitempty"`
		SD           []string  `json:"_sd,omitempty"`
	}{
		Issuer: c.Issuer, Subject: c.Subject, Acct: c.Acct, VCT: c.VCT,
		IssuedAt: c.IssuedAt, NotBefore: c.NotBefore, ExpiresAt: c.ExpiresAt,
		Agency: c.Agency, AccountProof: c.AccountProof, MailboxProof: c.MailboxProof,
		ID: c.ID, SD: digests,
	}
	p.Status.List.Index, p.Status.List.URI = c.StatusIndex, c.StatusURI
	if len(digests) > 0 {
		p.SDAlg = "sha-256"
	}
	return json.Marshal(p)
}

// Peek reads what a token claims and vouches for none of it: nothing is verified,
// what is absent is empty. It serves to find out whose token this might be.
func Peek(token string) (Claims, error) {
	if len(token) > MaxToken {
		return Claims{}, errTooLong
	}
	compact, _, _, err := splitToken(token)
	if err != nil {
		return Claims{}, err
	}
	t, err := parseJWS(compact)
	if err != nil {
		return Claims{}, err
	}
	return readClaims(t.payload), nil
}

// readClaims takes the claims of the right kind out of a payload.
func readClaims(p value) (c Claims) {
	c.Issuer, c.Subject, c.Acct = p.str("iss"), p.str("sub"), p.str("acct")
	c.VCT, c.ID = p.str("vct"), p.str("jti")
	c.IssuedAt, _ = p.integer("iat")
	c.NotBefore, _ = p.integer("nbf")
	c.ExpiresAt, _ = p.integer("exp")
	agency, _ := p.get("agency")
	c.Agency = Agency{agency.str("domain"), agency.str("name"), agency.str("country")}
	c.AccountProof, c.MailboxProof = readProof(p, "account_proof"), readProof(p, "mailbox_proof")
	list := statusList(p)
	c.StatusIndex, _ = list.integer("idx")
	c.StatusURI = list.str("uri")
	return c
}

func readProof(p value, name string) Proof {
	proof, _ := p.get(name)
	at, _ := proof.integer("at")
	return Proof{proof.str("method"), at}
}

func statusList(p value) value {
	status, _ := p.get("status")
	list, _ := status.get("status_list")
	return list
}

// requireClaims refuses a payload that lacks a required claim or has it of the wrong kind.
func requireClaims(p value, c Claims) error {
	for _, s := range []struct{ name, text string }{
		{"iss", c.Issuer}, {"sub", c.Subject}, {"acct", c.Acct}, {"vct", c.VCT}, {"jti", c.ID},
		{"agency.domain", c.Agency.Domain}, {"account_proof.method", c.AccountProof.Method},
		{"mailbox_proof.method", c.MailboxProof.Method}, {"status.status_list.uri", c.StatusURI},
	} {
		if s.text == "" {
			return fmt.Errorf("%s is absent or not a string", s.name)
		}
	}
	for _, name := range []string{"iat", "nbf", "exp"} {
		if err := requireTime(p, name); err != nil {
			return err
		}
	}
	for _, name := range []string{"account_proof", "mailbox_proof"} {
		proof, _ := p.get(name)
		if err := requireTime(proof, "at"); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, ok := statusList(p).integer("idx"); !ok {
		return errors.New("status.status_list.idx is absent or not an integer")
	}
	agency, _ := p.get("agency")
	for _, name := range []string{"name", "country"} {
		if agency.has(name) && agency.str(name) == "" {
			return fmt.Errorf("agency.%s is empty or not a string", name)
		}
	}
	return requireSubject(c)
}

func requireSubject(c Claims) error {
	if _, err := CheckURL(c.Subject); err != nil {
		return fmt.Errorf("sub: %w", err)
	}
	user, ok := strings.CutPrefix(c.Acct, "acct:")
	if _, isAcct := parseAcct(user); !ok || !isAcct {
		return errors.New("acct is not an acct: URI")
	}
	return nil
}

// requireTime refuses what is no NumericDate in whole seconds of the years to 9999.
func requireTime(p value, name string) error {
	t, ok := p.integer(name)
	if !ok || t < 0 || t > maxTime {
		return fmt.Errorf("%s is absent or not a time in whole seconds", name)
	}
	return nil
}

var maxTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
