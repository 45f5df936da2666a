package verify

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
)

const (
	// ES256 is the one signature algorithm (RFC 7518 §3.4).
	ES256 = "ES256"

	sizeES256 = 64 // bytes of a signature: r and s
)

// jws is a JWS in compact form (RFC 7515 §3.1), taken apart and not yet verified.
type jws struct {
	header       value
	payload      value
	signingInput string
	signature    []byte
}

// parseJWS takes a JWS apart. The header and the payload must be JSON objects.
func parseJWS(compact string) (jws, error) {
	head, rest, ok := strings.Cut(compact, ".")
	body, sig, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 {
		return jws{}, errors.New("a JWS has three parts, parted by dots")
	}
	header, err := decodeObject(head)
	if err != nil {
		return jws{}, errors.New("the JWS header is not base64url of a strict JSON object")
	}
	payload, err := decodeObject(body)
	if err != nil {
		return jws{}, errors.New("the JWS payload is not base64url of a strict JSON object")
	}
	signature, err := decodeBase64(sig)
	if err != nil {
		return jws{}, errors.New("the JWS signature is not base64url")
	}
	return jws{header, payload, compact[:len(head)+1+len(body)], signature}, nil
}

// checkHeader judges the header parameters by which a JWS says how to read it.
// Keys that a header brings along (jwk, jku, x5c, x5u) are never looked at.
func (t jws) checkHeader(typ string) *failure {
	if t.header.str("alg") != ES256 {
		return failed(checkAlgorithm, AlgNotAllowed, "the algorithm is not %s", ES256)
	}
	if t.header.str("typ") != typ {
		return failed(checkType, WrongTyp, "typ is not %q", typ)
	}
	// No extension is understood here; b64 (RFC 7797) is one even where crit forgets it.
	if t.header.has("crit") || t.header.has("b64") {
		return failed(checkCritical, UnsupportedCrit, "the header demands an extension that is not known here")
	}
	return nil
}

// verify checks an ES256 signature (RFC 7518 §3.4).
func (t jws) verify(key *publicKey) bool {
	if len(t.signature) != sizeES256 {
		return false
	}
	var r, s big.Int
	r.SetBytes(t.signature[:sizeES256/2])
	s.SetBytes(t.signature[sizeES256/2:])
	hash := sha256.Sum256([]byte(t.signingInput))
	return ecdsa.Verify(key.ecdsa, hash[:], &r, &s)
}

func decodeObject(b64 string) (value, error) {
	b, err := decodeBase64(b64)
	if err != nil {
		return value{}, err
	}
	return parseObject(string(b))
}

var (
	base64url = base64.RawURLEncoding.Strict()
	errBase64 = errors.New("not base64url without padding")
)

// decodeBase64 decodes base64url as RFC 7515 §2 demands it: no padding, no white
// space (which encoding/base64 skips) and no stray bits at the end.
func decodeBase64(s string) ([]byte, error) {
	if !isBase64URL(s) {
		return nil, errBase64
	}
	b, err := base64url.DecodeString(s)
	if err != nil {
		return nil, errBase64
	}
	return b, nil
}

// isBase64URL says whether only letters, digits, "-" and "_" stand in s.
func isBase64URL(s string) bool {
	for i := range len(s) {
		if !inAlphabet[s[i]] {
			return false
		}
	}
	return true
}

var inAlphabet = func() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		t[c] = true
	}
	return t
}()
