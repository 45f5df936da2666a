package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Metadata is what an issuer publishes at /.well-known/jwt-vc-issuer
// (draft-ietf-oauth-sd-jwt-vc §5): its keys, in the document or by reference, and
// the keys that it has revoked.
type Metadata struct {
	Issuer      string          `json:"issuer"`
	JWKS        json.RawMessage `json:"jwks,omitempty"`
	JWKSURI     string          `json:"jwks_uri,omitempty"`
	RevokedKeys []RevokedKey    `json:"revoked_keys,omitempty"`
}

// RevokedKey is a key that must no longer be believed, whatever it signed and when.
type RevokedKey struct {
	KeyID     string    `json:"kid"`
	RevokedAt time.Time `json:"revoked_at"`
	Reason    string    `json:"reason"`
}

// ParseMetadata reads an issuer's metadata. Another issuer's is ErrIssuerMismatch.
// Of revoked keys only the kid is required.
func ParseMetadata(data []byte, iss string) (Metadata, error) {
	doc, err := parseObject(string(data))
	if err != nil {
		return Metadata{}, errors.New("the issuer metadata is not a strict JSON object")
	}
	if doc.str("issuer") != iss {
		return Metadata{}, ErrIssuerMismatch
	}
	m := Metadata{Issuer: iss, JWKSURI: doc.str("jwks_uri")}
	if doc.has("jwks") == doc.has("jwks_uri") {
		return Metadata{}, errors.New("the issuer metadata has not exactly one of jwks and jwks_uri")
	}
	if doc.has("jwks") {
		var raw map[string]json.RawMessage // a map keeps names as they are spelt
		if err := json.Unmarshal(data, &raw); err != nil {
			return Metadata{}, errors.New("the issuer metadata is not a strict JSON object")
		}
		m.JWKS = raw["jwks"]
	}
	m.RevokedKeys, err = readRevoked(doc)
	return m, err
}

func readRevoked(doc value) ([]RevokedKey, error) {
	list, ok := doc.get("revoked_keys")
	if !ok {
		return nil, nil
	}
	if list.kind != kindArray {
		return nil, errors.New("revoked_keys is not an array")
	}
	keys := make([]RevokedKey, len(list.members))
	for i, m := range list.members {
		kid := m.value.str("kid")
		if kid == "" {
			return nil, fmt.Errorf("revoked_keys[%d] names no kid", i)
		}
		at, _ := time.Parse(time.RFC3339, m.value.str("revoked_at"))
		keys[i] = RevokedKey{kid, at, m.value.str("reason")}
	}
	return keys, nil
}
