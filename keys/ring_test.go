package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"
)

var testTime = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// fixedKey gives the P-256 key whose private scalar is n.
func fixedKey(t testing.TB, n byte) *ecdsa.PrivateKey {
	t.Helper()
	scalar := make([]byte, 32)
	scalar[31] = n
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func testSealer() *Sealer { return newSealer(make([]byte, keySize)) }

func storedKey(t testing.TB, n byte, state State, created time.Time) Key {
	t.Helper()
	k, err := NewKey(testSealer(), fixedKey(t, n), state, created, created)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func openSealed(k Key) (crypto.Signer, error) { return k.Open(testSealer()) }

func TestRing(t *testing.T) {
	t.Parallel()
	retired := storedKey(t, 1, Retired, testTime)
	active := storedKey(t, 2, Active, testTime.Add(time.Hour))
	standby := storedKey(t, 3, Announced, testTime.Add(2*time.Hour))
	revoked := storedKey(t, 4, Revoked, testTime)
	revoked.Reason = "leaked"
	ring, err := NewRing([]Key{standby, revoked, active, retired}, openSealed)
	if err != nil {
		t.Fatal(err)
	}
	kid, signer, err := ring.Active()
	if err != nil || kid != active.KID || !fixedKey(t, 2).PublicKey.Equal(signer.Public()) {
		t.Errorf("active: %s, %v", kid, err)
	}
	if got := ring.Revoked(); len(got) != 1 || got[0].KID != revoked.KID || got[0].Reason != "leaked" {
		t.Errorf("revoked: %v", got)
	}
	const want = `{"keys":[{"use":"sig","kty":"EC","kid":"xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M","crv":"P-256","alg":"ES256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"},` +
		`{"use":"sig","kty":"EC","kid":"AhqHzaYXA5MzmDCrsseUsVBGKyfhDhvekx0THjH_xIE","crv":"P-256","alg":"ES256","x":"fPJ7GI0DT36KUjgDBLUaw8CJaeJ38hs1pgtI_EdmmXg","y":"B3dVENuO0EApPZrGn3Qw27p9reY86YIpngS3nSJ4c9E"},` +
		`{"use":"sig","kty":"EC","kid":"B3zQUJfL8WPQJT3fRc_9F85aNjqoqRkk-HMzwyAp7WU","crv":"P-256","alg":"ES256","x":"Xsvk0aYzCkTI9--VHUvxZebGtyHvramF-0FmG8bn_Ww","y":"hzRkDEmY_343SwbOGmSi7NgqsDY4T7g9mnmxJ6J9UDI"}]}`
	if got := string(ring.JWKS()); got != want {
		t.Errorf("JWKS:\n%s\nwant:\n%s", got, want)
	}
	again, err := NewRing([]Key{retired, active, revoked, standby}, openSealed)
	if err != nil || string(again.JWKS()) != string(ring.JWKS()) {
		t.Errorf("the JWKS depends on the order of the rows (%v)", err)
	}
}

func TestEmptyRing(t *testing.T) {
	t.Parallel()
	ring, err := NewRing(nil, openSealed)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(ring.JWKS()); got != `{"keys":[]}` {
		t.Errorf("JWKS: %s", got)
	}
	if _, _, err := ring.Active(); !errors.Is(err, ErrNoActiveKey) {
		t.Errorf("Active: %v", err)
	}
}

func TestNewRingRefuses(t *testing.T) {
	t.Parallel()
	a, b := storedKey(t, 1, Active, testTime), storedKey(t, 2, Active, testTime)
	private := a
	private.JWK, _ = json.Marshal(map[string]string{"kty": "EC", "crv": "P-256",
		"x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
		"y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
		"d": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"})
	swapped := a
	swapped.JWK = b.JWK
	foreign := a
	foreign.Sealed = b.Sealed
	odd := a
	odd.State = "lost"
	broken := a
	broken.JWK = []byte("{")
	for name, keys := range map[string][]Key{
		"two active":            {a, b},
		"one key twice":         {a, a},
		"a private JWK":         {private},
		"another public key":    {swapped},
		"another sealed key":    {foreign},
		"an unknown state":      {odd},
		"a JWK that is no JSON": {broken},
	} {
		if _, err := NewRing(keys, openSealed); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	other := func(Key) (crypto.Signer, error) { return fixedKey(t, 9), nil }
	if _, err := NewRing([]Key{a}, other); err == nil {
		t.Error("a signer with another key was accepted")
	}
}

func TestFirstKeys(t *testing.T) {
	t.Parallel()
	keys, err := FirstKeys(testSealer(), testTime)
	if err != nil || len(keys) != 2 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	if k := keys[0]; k.State != Active || !k.NotBefore.Equal(testTime) || !k.Created.Equal(testTime) {
		t.Errorf("first: %+v", k)
	}
	if k := keys[1]; k.State != Announced || !k.NotBefore.Equal(testTime.Add(AnnounceFor)) || k.KID == keys[0].KID {
		t.Errorf("standby: %+v", k)
	}
	ring, err := NewRing(keys, openSealed)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(ring.JWKS()), `"kid"`); n != 2 {
		t.Errorf("%d keys in the JWKS", n)
	}
	if _, err := keys[1].Open(testSealer()); err != nil {
		t.Errorf("the standby does not open: %v", err)
	}
}

func TestThumbprintWantsP256(t *testing.T) {
	t.Parallel()
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, pub := range []crypto.PublicKey{&p384.PublicKey, nil, "key"} {
		if _, err := Thumbprint(pub); err == nil {
			t.Errorf("%T was accepted", pub)
		}
	}
}

func TestActorKey(t *testing.T) {
	t.Parallel()
	stored, err := GenerateActor(testSealer())
	if err != nil {
		t.Fatal(err)
	}
	lazy := stored.Lazy(testSealer())
	block, rest := pem.Decode([]byte(lazy.PublicPEM()))
	if block == nil || block.Type != "PUBLIC KEY" || len(rest) != 0 {
		t.Fatalf("public PEM: %s", lazy.PublicPEM())
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := lazy.Signer()
	if err != nil || !signer.(*rsa.PrivateKey).PublicKey.Equal(public) || signer.(*rsa.PrivateKey).N.BitLen() != 2048 {
		t.Errorf("signer: %v", err)
	}
	if _, err := stored.Lazy(newSealer([]byte(strings.Repeat("x", keySize)))).Signer(); !errors.Is(err, ErrUnsealable) {
		t.Errorf("another sealing key: %v", err)
	}
	// The sealed bytes of one kind of key never open as another's.
	if _, err := (ActorKey{Sealed: storedKey(t, 1, Active, testTime).Sealed}).Lazy(testSealer()).Signer(); !errors.Is(err, ErrUnsealable) {
		t.Errorf("a signing key as the actor's: %v", err)
	}
}

// TestGenerate: no command takes a key's id for a flag. One in 64 would be.
func TestGenerate(t *testing.T) {
	t.Parallel()
	for range 2000 {
		priv, err := Generate()
		if err != nil {
			t.Fatal(err)
		}
		if kid, err := Thumbprint(&priv.PublicKey); err != nil || kid[0] == '-' {
			t.Fatalf("%q, %v", kid, err)
		}
	}
}
