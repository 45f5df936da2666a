package verify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// TestUnfitKeys shows a good token to an issuer whose one key cannot be used.
func TestUnfitKeys(t *testing.T) {
	t.Parallel()
	good := jwk(testKID, testKey(1))
	p384 := func() object {
		scalar := sha256.Sum256([]byte("p384"))
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), append(scalar[:], make([]byte, 16)...))
		if err != nil {
			t.Fatal(err)
		}
		b, err := jose.JSONWebKey{Key: &key.PublicKey, KeyID: testKID, Algorithm: ES256}.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var k object
		if err := json.Unmarshal(b, &k); err != nil {
			t.Fatal(err)
		}
		return k
	}
	for name, set := range map[string][]byte{
		"none":                   jwks(),
		"use enc":                jwks(with(good, object{"use": "enc"})),
		"use not a string":       jwks(with(good, object{"use": 1})),
		"key_ops sign":           jwks(with(good, object{"key_ops": []string{"sign"}})),
		"key_ops a string":       jwks(with(good, object{"key_ops": "verify"})),
		"alg of the curve":       jwks(with(good, object{"alg": "ES384"})),
		"alg not a string":       jwks(with(good, object{"alg": []string{ES256}})),
		"alg in lower case":      jwks(with(good, object{"alg": "es256"})),
		"P-384 for ES256":        jwks(p384()),
		"crv renamed":            jwks(with(p384(), object{"crv": "P-256"})),
		"kty renamed":            jwks(with(good, object{"kty": "OKP"})),
		"kty absent":             jwks(with(good, object{"kty": nil})),
		"kid absent":             jwks(with(good, object{"kid": nil})),
		"kid misspelt":           jwks(with(good, object{"kid": nil, "KID": testKID})),
		"private part":           jwks(with(good, object{"d": "AAAA"})),
		"x padded":               jwks(with(good, object{"x": good["x"].(string) + "="})),
		"x with a newline":       jwks(with(good, object{"x": good["x"].(string) + "\n"})),
		"x with stray bits":      jwks(with(good, object{"x": strayBits(good["x"].(string))})),
		"x short":                jwks(with(good, object{"x": "AAAA"})),
		"x absent":               jwks(with(good, object{"x": nil})),
		"not on the curve":       jwks(with(good, object{"x": good["y"]})),
		"infinity":               jwks(with(good, object{"x": b64(make([]byte, 32)), "y": b64(make([]byte, 32))})),
		"kid twice":              jwks(good, jwk(testKID, testKey(2))),
		"kid twice, other way":   jwks(jwk(testKID, testKey(2)), good),
		"kid twice, same key":    jwks(good, good),
		"kid thrice":             jwks(good, good, good),
		"kid twice, one unfit":   jwks(good, with(good, object{"kty": "RSA"})),
		"kid twice, first unfit": jwks(with(good, object{"use": "enc"}), good),
	} {
		issuer, err := NewIssuer(testIssuer, set)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		w := newWorld(t)
		w.issuer = issuer
		r := verdict(t, w, testToken())
		if r.Code != KeyNotFound || r.Checks[checkKey].Outcome != Failed {
			t.Errorf("%s: code %q", name, r.Code)
		}
	}
}

func TestFitKeys(t *testing.T) {
	t.Parallel()
	good := jwk(testKID, testKey(1))
	for name, set := range map[string][]byte{
		"no alg, no use":  jwks(with(good, object{"alg": nil, "use": nil})),
		"key_ops":         jwks(with(good, object{"key_ops": []string{"verify"}})),
		"among others":    jwks(object{"kty": "RSA", "kid": "rsa", "n": "AQAB", "e": "AQAB"}, jwk("key-2", testKey(2)), object{"kty": "new"}, good),
		"x5c is not read": jwks(with(good, object{"x5c": []string{"!"}, "x5u": ":"})),
	} {
		issuer, err := NewIssuer(testIssuer, set)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		w := newWorld(t)
		w.issuer = issuer
		if r := verdict(t, w, testToken()); !r.Valid {
			t.Errorf("%s: %s", name, r.Code)
		}
	}
}

func TestRevokedKey(t *testing.T) {
	t.Parallel()
	for name, set := range map[string][]byte{"still published": jwks(jwk(testKID, testKey(1))), "taken away": jwks()} {
		issuer, err := NewIssuer(testIssuer, set, RevokedKey{KeyID: testKID})
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t)
		w.issuer = issuer
		t.Run(name, func(t *testing.T) { expect(t, verdict(t, w, testToken()), "key", KeyRevoked) })
		if w.asks != 0 {
			t.Error("a revoked key was asked for once more")
		}
	}
}

func TestBrokenJWKS(t *testing.T) {
	t.Parallel()
	good := string(mustJSON(jwk(testKID, testKey(1))))
	for name, set := range map[string]string{
		"empty": "", "array": "[]", "no keys": "{}", "keys an object": `{"keys":{}}`, "misspelt": `{"Keys":[]}`,
		"trailing": `{"keys":[]}x`, "keys twice": `{"keys":[],"keys":[` + good + `]}`,
		"member twice": `{"keys":[` + strings.TrimSuffix(good, "}") + `,"kid":"key-2"}]}`,
		"too many":     `{"keys":[` + strings.Repeat("1,", 256) + `1]}`,
		"huge":         `{"keys":[],"x":"` + strings.Repeat("x", maxJWKS) + `"}`,
	} {
		if _, err := NewIssuer(testIssuer, []byte(set)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, iss := range []string{"", "x", "http://cocarde.example", "https://", "https://a@cocarde.example", "https://cocarde.example#"} {
		if _, err := NewIssuer(iss, jwks()); err == nil {
			t.Errorf("issuer %q was accepted", iss)
		}
	}
}

func TestParseMetadata(t *testing.T) {
	t.Parallel()
	m, err := ParseMetadata([]byte(`{"issuer":"`+testIssuer+`","jwks":{"keys":[]},"JWKS":1,"revoked_keys":[
		{"kid":"a","revoked_at":"2026-11-22T12:00:00Z","reason":"leaked"},{"kid":"b"}]}`), testIssuer)
	if err != nil || string(m.JWKS) != `{"keys":[]}` || len(m.RevokedKeys) != 2 ||
		m.RevokedKeys[0] != (RevokedKey{"a", testNow, "leaked"}) || m.RevokedKeys[1].KeyID != "b" {
		t.Errorf("%+v, %v", m, err)
	}
	back, err := ParseMetadata(mustJSON(m), testIssuer)
	if err != nil || string(back.JWKS) != `{"keys":[]}` || back.RevokedKeys[0] != m.RevokedKeys[0] {
		t.Errorf("written and read again: %+v, %v", back, err)
	}
	for name, doc := range map[string]string{
		"both":         `{"issuer":"` + testIssuer + `","jwks":{"keys":[]},"jwks_uri":"` + testIssuer + `/k"}`,
		"neither":      `{"issuer":"` + testIssuer + `"}`,
		"twice":        `{"issuer":"` + testIssuer + `","issuer":"` + testIssuer + `","jwks":{}}`,
		"not an array": `{"issuer":"` + testIssuer + `","jwks":{},"revoked_keys":{}}`,
		"no kid":       `{"issuer":"` + testIssuer + `","jwks":{},"revoked_keys":[{}]}`,
		"not JSON":     `<html>`,
	} {
		if _, err := ParseMetadata([]byte(doc), testIssuer); err == nil || errors.Is(err, ErrIssuerMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, other := range []string{`{"issuer":"https://evil.example","jwks":{}}`, `{"jwks":{}}`, `{"Issuer":"` + testIssuer + `","jwks":{}}`} {
		if _, err := ParseMetadata([]byte(other), testIssuer); !errors.Is(err, ErrIssuerMismatch) {
			t.Errorf("%s: %v", other, err)
		}
	}
}

// FuzzJWKS holds every key that is accepted to be one on P-256.
func FuzzJWKS(f *testing.F) {
	f.Add(jwks(jwk(testKID, testKey(1)), jwk("key-2", testKey(2))))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"","y":""}]}`))
	f.Fuzz(func(t *testing.T, set []byte) {
		issuer, err := NewIssuer(testIssuer, set)
		if err != nil {
			return
		}
		for kid, key := range issuer.keys {
			if _, err := key.ecdsa.ECDH(); err != nil || kid == "" || key.ecdsa.Curve != elliptic.P256() {
				t.Fatalf("key %q: %v", kid, err)
			}
		}
	})
}

// FuzzMetadata holds what is accepted to speak of the issuer asked, and of one set of keys.
func FuzzMetadata(f *testing.F) {
	f.Add([]byte(`{"issuer":"` + testIssuer + `","jwks":{"keys":[]},"revoked_keys":[{"kid":"a"}]}`))
	f.Add([]byte(`{"issuer":"` + testIssuer + `","jwks_uri":"x"}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		m, err := ParseMetadata(doc, testIssuer)
		if err != nil {
			return
		}
		if m.Issuer != testIssuer || m.JWKS != nil && m.JWKSURI != "" {
			t.Fatalf("%+v", m)
		}
		for _, k := range m.RevokedKeys {
			if k.KeyID == "" {
				t.Fatal("a revoked key without kid")
			}
		}
	})
}
