package verify

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	testIssuer = "https://cocarde.example.gouv.fr"
	testList   = testIssuer + "/status/1"
	testEmail  = "marie.dupont@culture.gouv.fr"
	testHandle = "@marie@social.example"
	testKID    = "key-1"
)

var testNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return testNow }

// testKey gives one of a few fixed keys.
func testKey(n byte) *ecdsa.PrivateKey {
	scalar := sha256.Sum256([]byte{'k', 'e', 'y', n})
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		panic(err)
	}
	return key
}

type object = map[string]any

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signRaw signs whatever bytes as header and payload.
func signRaw(key *ecdsa.PrivateKey, header, payload []byte) string {
	return signParts(key, b64(header), b64(payload))
}

func signParts(key *ecdsa.PrivateKey, header, payload string) string {
	input := header + "." + payload
	hash := sha256.Sum256([]byte(input))
	// Without a random source signing is deterministic (RFC 6979), so that all
	// processes of a fuzz run have the same seeds.
	der, err := key.Sign(nil, hash[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		panic(err)
	}
	sig := make([]byte, 64)
	rs.R.FillBytes(sig[:32])
	rs.S.FillBytes(sig[32:])
	return input + "." + b64(sig)
}

func testHeader() object { return object{"alg": "ES256", "typ": TypeSDJWT, "kid": testKID} }

func testDisclosure() Disclosure {
	d, err := NewDisclosure([]byte("0123456789abcdef"), ClaimEmail, testEmail)
	if err != nil {
		panic(err)
	}
	return d
}

func testClaims() Claims {
	return Claims{
		Issuer: testIssuer, Subject: "https://social.example/users/marie", Acct: "acct:marie@social.example",
		VCT:      VCT(testIssuer, KindMailbox),
		IssuedAt: testNow.Add(-time.Hour).Unix(), NotBefore: testNow.Add(-time.Hour).Unix(),
		ExpiresAt:    testNow.Add(180 * 24 * time.Hour).Unix(),
		Agency:       Agency{"culture.gouv.fr", "Ministère de la Culture", "FR"},
		AccountProof: Proof{"oauth", testNow.Unix()}, MailboxProof: Proof{"code", testNow.Unix()},
		StatusIndex: 417233, StatusURI: testList, ID: "AAECAwQFBgcICQoLDA0ODw",
	}
}

// testPayload is the payload of a good token, to be spoilt.
func testPayload() object {
	b, err := testClaims().Payload(testDisclosure())
	if err != nil {
		panic(err)
	}
	var p object
	if err := json.Unmarshal(b, &p); err != nil {
		panic(err)
	}
	return p
}

func sign(header, payload object) string {
	return signRaw(testKey(1), mustJSON(header), mustJSON(payload))
}

func testToken() string { return Compose(sign(testHeader(), testPayload())) }

func jwk(kid string, key *ecdsa.PrivateKey) object {
	b, err := jose.JSONWebKey{Key: &key.PublicKey, KeyID: kid, Algorithm: ES256, Use: "sig"}.MarshalJSON()
	if err != nil {
		panic(err)
	}
	var k object
	if err := json.Unmarshal(b, &k); err != nil {
		panic(err)
	}
	return k
}

func jwks(keys ...object) []byte { return mustJSON(object{"keys": append([]object{}, keys...)}) }

func testListPayload(t testing.TB, set map[int64]Status) object {
	list, err := NewStatusList(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	for idx, s := range set {
		if err := list.Set(idx, s); err != nil {
			t.Fatal(err)
		}
	}
	b, err := ListClaims{testList, testNow.Unix(), testNow.Add(24 * time.Hour).Unix(), 300}.Payload(list)
	if err != nil {
		t.Fatal(err)
	}
	var p object
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func listHeader() object { return object{"alg": "ES256", "typ": TypeStatusList, "kid": testKID} }

func with(o object, changes object) object {
	o = maps.Clone(o)
	for k, v := range changes {
		if v == nil {
			delete(o, k)
		} else {
			o[k] = v
		}
	}
	return o
}

// world is a Source made of what a test puts into it.
type world struct {
	issuer, refreshed    *Issuer
	issuerErr, listErr   error
	refreshErr           error
	list                 StatusReader
	issuers, lists, asks int
}

func newWorld(t testing.TB) *world {
	issuer, err := NewIssuer(testIssuer, jwks(jwk(testKID, testKey(1))))
	if err != nil {
		t.Fatal(err)
	}
	return &world{issuer: issuer, list: allValid()}
}

// allValid is a verified list, made once: a list of 2^20 takes a while.
var allValid = sync.OnceValue(func() *SignedList {
	issuer, err := NewIssuer(testIssuer, jwks(jwk(testKID, testKey(1))))
	if err != nil {
		panic(err)
	}
	list, err := NewStatusList(1 << 20)
	if err != nil {
		panic(err)
	}
	payload, err := ListClaims{testList, testNow.Unix(), testNow.Add(24 * time.Hour).Unix(), 300}.Payload(list)
	if err != nil {
		panic(err)
	}
	signed, err := VerifyStatusList(signRaw(testKey(1), mustJSON(listHeader()), payload), issuer, testList, testNow)
	if err != nil {
		panic(err)
	}
	return signed
})

func (w *world) Issuer(_ context.Context, iss string) (*Issuer, error) {
	w.issuers++
	if iss != w.issuer.url {
		return nil, ErrIssuerUntrusted
	}
	return w.issuer, w.issuerErr
}

func (w *world) Refresh(context.Context, string) (*Issuer, error) {
	w.asks++
	if w.refreshed != nil {
		return w.refreshed, w.refreshErr
	}
	return w.issuer, w.refreshErr
}

func (w *world) StatusList(context.Context, string, string) (StatusReader, error) {
	w.lists++
	return w.list, w.listErr
}

func (w *world) verifier() *Verifier { return New(Config{Source: w, Now: clock}) }
