package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
)

const (
	actorBits    = 2048
	actorPurpose = "actor key"
)

// ActorKey is the RSA key of the issuer's fediverse actor as it rests in the
// database. It must persist: other servers cache the public half and refuse a
// new one under the same id.
type ActorKey struct {
	PublicPEM string // SPKI, as publicKeyPem in the actor document
	Sealed    []byte // PKCS #8, sealed
}

// GenerateActor makes an RSA-2048 key; it takes a good part of a second.
func GenerateActor(s *Sealer) (ActorKey, error) {
	priv, err := rsa.GenerateKey(rand.Reader, actorBits)
	if err != nil {
		return ActorKey{}, fmt.Errorf("keys: generate the actor's key: %w", err)
	}
	return newActor(s, priv)
}

func newActor(s *Sealer, priv *rsa.PrivateKey) (ActorKey, error) {
	spki, err := x509.MarshalPKIXPublicKey(&priv.PublicKey)
	if err != nil {
		return ActorKey{}, fmt.Errorf("keys: encode the actor's public key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return ActorKey{}, fmt.Errorf("keys: encode the actor's key: %w", err)
	}
	return ActorKey{
		PublicPEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})),
		Sealed:    s.Seal(actorPurpose, der),
	}, nil
}

// LazyRSA is an actor's key that is unsealed at its first use: most runs never
// meet an instance that asks for signed fetches, and parsing it takes time at
// start. Safe for concurrent use.
type LazyRSA struct {
	redacted
	publicPEM string
	open      func() (crypto.Signer, error)
}

// Lazy gives the key without opening it.
func (k ActorKey) Lazy(s *Sealer) *LazyRSA {
	return &LazyRSA{
		publicPEM: k.PublicPEM,
		open:      sync.OnceValues(func() (crypto.Signer, error) { return k.unseal(s) }),
	}
}

// PublicPEM gives the public key as a PEM block of its SPKI.
func (l *LazyRSA) PublicPEM() string { return l.publicPEM }

// Signer gives the RSA key. Sealed bytes of another key are ErrUnsealable.
func (l *LazyRSA) Signer() (crypto.Signer, error) { return l.open() }

func (k ActorKey) unseal(s *Sealer) (crypto.Signer, error) {
	der, err := s.Open(actorPurpose, k.Sealed)
	if err != nil {
		return nil, fmt.Errorf("actor key: %w", err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("keys: the actor's key is no PKCS #8 key")
	}
	priv, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("keys: the actor's key is no RSA key")
	}
	return priv, nil
}
