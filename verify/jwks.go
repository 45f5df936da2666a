package verify

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"

	"github.com/go-jose/go-jose/v4"
)

const (
	maxJWKS = 256 << 10 // bytes
	maxKeys = 256
)

// publicKey is a key with its coordinates as the JWK spells them, which can be done
// in one way only: keys compare by them, at every check, without allocating.
type publicKey struct {
	ecdsa *ecdsa.PublicKey
	point string
}

func (k *publicKey) same(other *publicKey) bool { return k.point == other.point }

// parseJWKS reads a JWK set (RFC 7517 §5). Members are judged here, as they stand,
// before go-jose reads the key: it ignores use and key_ops, and takes the first of
// several keys with one kid.
func parseJWKS(data []byte) (fit map[string]*publicKey, unfit map[string]string, err error) {
	if len(data) > maxJWKS {
		return nil, nil, errors.New("the JWKS is larger than 256 KiB")
	}
	set, err := parseObject(string(data))
	if err != nil {
		return nil, nil, errors.New("the JWKS is not a strict JSON object")
	}
	keys, _ := set.get("keys")
	if keys.kind != kindArray || len(keys.members) > maxKeys {
		return nil, nil, errors.New("the JWKS has no array of keys, or more than 256")
	}
	fit, unfit = map[string]*publicKey{}, map[string]string{}
	seen := map[string]bool{}
	for _, m := range keys.members {
		kid := m.value.str("kid")
		if kid == "" {
			continue
		}
		if seen[kid] {
			delete(fit, kid)
			unfit[kid] = "its kid stands twice"
			continue
		}
		seen[kid] = true
		key, err := parseJWK(m.value)
		if err != nil {
			unfit[kid] = err.Error()
			continue
		}
		fit[kid] = key
	}
	return fit, unfit, nil
}

// parseJWK reads a public key that may verify ES256.
func parseJWK(k value) (*publicKey, error) {
	if k.str("kty") != "EC" || k.str("crv") != "P-256" {
		return nil, errors.New("not an EC key on P-256")
	}
	if k.has("alg") && k.str("alg") != ES256 {
		return nil, errors.New("made for another algorithm than ES256")
	}
	if k.has("use") && k.str("use") != "sig" {
		return nil, errors.New("not for signatures")
	}
	if k.has("d") {
		return nil, errors.New("its private part is published")
	}
	if ops, ok := k.get("key_ops"); ok && !mayVerify(ops) {
		return nil, errors.New("not for verifying")
	}
	x, y := k.str("x"), k.str("y")
	for _, c := range []string{x, y} {
		if b, err := decodeBase64(c); err != nil || len(b) != sizeES256/2 {
			return nil, errors.New("a coordinate is not base64url of 32 bytes")
		}
	}
	plain, err := json.Marshal(map[string]string{"kty": "EC", "crv": "P-256", "x": x, "y": y})
	if err != nil {
		return nil, err
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(plain); err != nil {
		return nil, errors.New("not a point of the curve")
	}
	key, ok := jwk.Key.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("not a public EC key")
	}
	return &publicKey{key, x + "." + y}, nil
}

func mayVerify(ops value) bool {
	if ops.kind != kindArray {
		return false
	}
	for _, m := range ops.members {
		if m.value.kind == kindString && m.value.text == "verify" {
			return true
		}
	}
	return false
}
