package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

// SignJWS signs payload as a compact JWS (RFC 7515) with ES256. The protected
// header holds exactly alg, kid and typ. Any signer with a P-256 key will do.
func SignJWS(signer crypto.Signer, kid, typ string, payload []byte) (string, error) {
	pub, ok := signer.Public().(*ecdsa.PublicKey)
	if !ok || pub.Curve != elliptic.P256() {
		return "", errors.New("keys: ES256 needs a P-256 key")
	}
	opaque := es256{signer: signer, public: &jose.JSONWebKey{Key: pub, KeyID: kid}}
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: opaque}, options)
	if err != nil {
		return "", fmt.Errorf("keys: prepare a signature: %w", err)
	}
	jws, err := s.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("keys: sign: %w", err)
	}
	return jws.CompactSerialize()
}

// es256 lets go-jose sign with any crypto.Signer.
type es256 struct {
	signer crypto.Signer
	public *jose.JSONWebKey
}

// Public implements [jose.OpaqueSigner].
func (e es256) Public() *jose.JSONWebKey { return e.public }

// Algs implements [jose.OpaqueSigner].
func (e es256) Algs() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.ES256}
}

// SignPayload implements [jose.OpaqueSigner].
func (e es256) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	digest := sha256.Sum256(payload)
	der, err := e.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return fixedSize(der)
}

// fixedSize turns the ASN.1 signature of a crypto.Signer into the 64 bytes
// R || S of RFC 7518 section 3.4.
func fixedSize(der []byte) ([]byte, error) {
	var sig struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &sig)
	if err != nil || len(rest) != 0 || !isScalar(sig.R) || !isScalar(sig.S) {
		return nil, errors.New("keys: the signer's answer is no ECDSA signature")
	}
	out := make([]byte, 64)
	sig.R.FillBytes(out[:32])
	sig.S.FillBytes(out[32:])
	return out, nil
}

// isScalar tells whether n is within 1 … 2^256-1, so that FillBytes cannot
// panic on what odd hardware returns.
func isScalar(n *big.Int) bool { return n.Sign() > 0 && n.BitLen() <= 256 }
