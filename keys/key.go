package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// State is where a signing key stands in its life.
type State string

// The states, in their order; revoked may follow any of them but the last.
const (
	Unborn    State = ""          // is still to be made
	Announced State = "announced" // published, so that caches have it; does not sign yet
	Active    State = "active"    // signs; there is at most one
	Retired   State = "retired"   // signs no more, verifies what it signed
	Revoked   State = "revoked"   // out of the JWKS, listed as revoked
	Gone      State = "gone"      // all that it signed has ended: nothing rests of it
)

// AnnounceFor is how long a key stands in the JWKS before it signs, so that
// whoever caches the JWKS has it by then.
const AnnounceFor = 48 * time.Hour

// Key is a signing key as it rests in the database.
type Key struct {
	KID         string // RFC 7638 thumbprint (SHA-256, base64url)
	State       State
	Created     time.Time
	NotBefore   time.Time // when it may become active
	ActivatedAt time.Time // when it did; zero before
	RetiredAt   time.Time // zero unless retired
	RevokedAt   time.Time // zero unless revoked
	Reason      string    // of the revocation; published
	TakenBack   bool      // of a revoked key: all that it signed is revoked too
	JWK         []byte    // the public key as it stands in the JWKS
	Sealed      []byte    // the private key: PKCS #8, sealed under the KID; empty once it signs no more, or if hardware holds it
}

// Generate makes a P-256 key whose thumbprint does not begin with a hyphen: people
// give it to commands, which take a hyphen for a flag.
func Generate() (*ecdsa.PrivateKey, error) {
	for {
		priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		if kid, err := Thumbprint(&priv.PublicKey); err != nil || !strings.HasPrefix(kid, "-") {
			return priv, err
		}
	}
}

// NewKey describes and seals a P-256 key.
func NewKey(s *Sealer, priv *ecdsa.PrivateKey, state State, created, notBefore time.Time) (Key, error) {
	kid, jwk, err := describe(&priv.PublicKey)
	if err != nil {
		return Key{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return Key{}, fmt.Errorf("keys: encode the signing key: %w", err)
	}
	return Key{
		KID:       kid,
		State:     state,
		Created:   created,
		NotBefore: notBefore,
		JWK:       jwk,
		Sealed:    s.Seal(signingPurpose(kid), der),
	}, nil
}

// FirstKeys makes the keys of a new issuer: one that is active at once, since
// nobody caches anything yet, and the standby that always exists beside it.
func FirstKeys(s *Sealer, now time.Time) ([]Key, error) {
	active, err := generate(s, Active, now, now)
	if err != nil {
		return nil, err
	}
	standby, err := Announce(s, now)
	if err != nil {
		return nil, err
	}
	active.ActivatedAt = now
	return []Key{active, standby}, nil
}

// Announce makes a standby: a key that may sign once AnnounceFor has passed.
func Announce(s *Sealer, now time.Time) (Key, error) {
	return generate(s, Announced, now, now.Add(AnnounceFor))
}

func generate(s *Sealer, state State, created, notBefore time.Time) (Key, error) {
	priv, err := Generate()
	if err != nil {
		return Key{}, fmt.Errorf("keys: generate a signing key: %w", err)
	}
	return NewKey(s, priv, state, created, notBefore)
}

// Open unseals the private key. Bytes that were sealed under another KID are
// ErrUnsealable; a private key that is not the public one's is an error.
func (k Key) Open(s *Sealer) (crypto.Signer, error) {
	der, err := s.Open(signingPurpose(k.KID), k.Sealed)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", k.KID, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		// The parser's text may quote what it read.
		return nil, fmt.Errorf("keys: the signing key %s is no PKCS #8 key", k.KID)
	}
	priv, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("keys: the signing key %s is no ECDSA key", k.KID)
	}
	if kid, err := Thumbprint(&priv.PublicKey); err != nil || kid != k.KID {
		return nil, fmt.Errorf("keys: the signing key %s is another key", k.KID)
	}
	return priv, nil
}

func signingPurpose(kid string) string { return "signing key " + kid }

// Thumbprint gives a P-256 key's RFC 7638 thumbprint: SHA-256, base64url.
func Thumbprint(pub crypto.PublicKey) (string, error) {
	k, ok := pub.(*ecdsa.PublicKey)
	if !ok || k.Curve != elliptic.P256() {
		return "", errors.New("keys: not a P-256 key")
	}
	sum, err := (&jose.JSONWebKey{Key: k}).Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("keys: thumbprint: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// describe gives the kid and the public JWK (RFC 7517) of a P-256 key.
func describe(pub *ecdsa.PublicKey) (kid string, jwk []byte, err error) {
	kid, err = Thumbprint(pub)
	if err != nil {
		return "", nil, err
	}
	jwk, err = json.Marshal(publicJWK(pub, kid))
	return kid, jwk, err
}

func publicJWK(pub *ecdsa.PublicKey, kid string) *jose.JSONWebKey {
	return &jose.JSONWebKey{Key: pub, KeyID: kid, Algorithm: string(jose.ES256), Use: "sig"}
}

// public reads the JWK back and checks that it is the key of this KID.
func (k Key) public() (*ecdsa.PublicKey, error) {
	var jwk jose.JSONWebKey
	if err := json.Unmarshal(k.JWK, &jwk); err != nil {
		return nil, fmt.Errorf("keys: the public key of %s: %w", k.KID, err)
	}
	// A private JWK fails here: its Key is an *ecdsa.PrivateKey.
	kid, err := Thumbprint(jwk.Key)
	if err != nil {
		return nil, fmt.Errorf("public key of %s: %w", k.KID, err)
	}
	if kid != k.KID {
		return nil, fmt.Errorf("keys: the public key of %s is another key", k.KID)
	}
	return jwk.Key.(*ecdsa.PublicKey), nil
}
