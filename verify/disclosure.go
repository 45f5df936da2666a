package verify

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// Disclosure is base64url of [salt, name, value] (RFC 9901 §4.2.1).
type Disclosure string

const minSalt = 16 // bytes: 128 bits (RFC 9901 §9.3)

// NewDisclosure makes the disclosure of one claim. The salt has at least 16 bytes
// and serves for this claim alone.
func NewDisclosure(salt []byte, name string, v any) (Disclosure, error) {
	if len(salt) < minSalt {
		return "", errors.New("verify: a salt has at least 16 bytes")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode([]any{base64.RawURLEncoding.EncodeToString(salt), name, v}); err != nil {
		return "", err
	}
	return Disclosure(base64.RawURLEncoding.EncodeToString(bytes.TrimSpace(b.Bytes()))), nil
}

// Digest is what stands for the disclosure in the payload's _sd (sha-256).
func (d Disclosure) Digest() string { return digestOf(string(d)) }

// Compose writes an SD-JWT: the JWS, the disclosures to be shown, each followed by "~".
func Compose(jws string, disclosures ...Disclosure) string {
	var b strings.Builder
	b.WriteString(jws)
	b.WriteByte('~')
	for _, d := range disclosures {
		b.WriteString(string(d))
		b.WriteByte('~')
	}
	return b.String()
}
