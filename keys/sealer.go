package keys

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrUnsealable says that sealed bytes were made by another key or for another
// purpose, or are damaged; which of them cannot be told.
var ErrUnsealable = errors.New("keys: cannot be unsealed: another key, another purpose, or damaged")

// sealVersion is the first byte of whatever is sealed, so that another
// cipher can follow this one.
const sealVersion = 1

// Sealer seals what rests in the database, by XChaCha20-Poly1305: its nonces
// are long enough to be random for as many messages as there will ever be.
// Safe for concurrent use.
type Sealer struct {
	redacted
	aead cipher.AEAD
}

func newSealer(key []byte) *Sealer {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic("keys: a sealing key of the wrong size") // every caller gives 32 bytes
	}
	return &Sealer{aead: aead}
}

// Seal encrypts plain for one purpose, which is authenticated, not stored: what
// was sealed for one purpose does not open as another's. The result is
// 41 bytes longer: version, nonce, tag.
func (s *Sealer) Seal(purpose string, plain []byte) []byte {
	head := 1 + s.aead.NonceSize()
	out := make([]byte, head, head+len(plain)+s.aead.Overhead())
	out[0] = sealVersion
	_, _ = rand.Read(out[1:])
	return s.aead.Seal(out, out[1:], plain, []byte(purpose))
}

// Open decrypts what Seal made with the same key for the same purpose;
// everything else is ErrUnsealable.
func (s *Sealer) Open(purpose string, sealed []byte) ([]byte, error) {
	head := 1 + s.aead.NonceSize()
	if len(sealed) < head+s.aead.Overhead() || sealed[0] != sealVersion {
		return nil, ErrUnsealable
	}
	plain, err := s.aead.Open(nil, sealed[1:head], sealed[head:], []byte(purpose))
	if err != nil {
		return nil, ErrUnsealable
	}
	return plain, nil
}
