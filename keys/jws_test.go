package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestSignJWS(t *testing.T) {
	t.Parallel()
	key := fixedKey(t, 5)
	payload := []byte(`{"iss":"https://cocarde.example"}`)
	for _, typ := range []string{"dc+sd-jwt", "statuslist+jwt"} {
		compact, err := SignJWS(key, "the-kid", typ, payload)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(compact, ".")
		header, err := base64.RawURLEncoding.DecodeString(head)
		if want := `{"alg":"ES256","kid":"the-kid","typ":"` + typ + `"}`; err != nil || string(header) != want {
			t.Errorf("header %s, want %s (%v)", header, want, err)
		}
		jws, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		got, err := jws.Verify(&key.PublicKey)
		if err != nil || !bytes.Equal(got, payload) {
			t.Errorf("payload %s, %v", got, err)
		}
		if _, err := jws.Verify(&fixedKey(t, 6).PublicKey); err == nil {
			t.Error("another key verifies it")
		}
	}
}

// hardware answers as it likes.
type hardware struct {
	crypto.Signer
	answer []byte
	err    error
}

func (h hardware) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return h.answer, h.err }

func TestSignJWSDistrustsTheSigner(t *testing.T) {
	t.Parallel()
	broken := errors.New("unplugged")
	key := fixedKey(t, 5)
	if _, err := SignJWS(hardware{Signer: key, err: broken}, "k", "t", nil); !errors.Is(err, broken) {
		t.Errorf("the signer's error is lost: %v", err)
	}
	huge := append([]byte{0x30, 0x26, 0x02, 0x21, 0x01}, make([]byte, 32)...)
	huge = append(huge, 0x02, 0x01, 0x01)
	for name, answer := range map[string][]byte{
		"nothing":       nil,
		"no ASN.1":      []byte("signature"),
		"zero":          {0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x01},
		"negative":      {0x30, 0x06, 0x02, 0x01, 0xff, 0x02, 0x01, 0x01},
		"trailing byte": {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00},
		"257 bits":      huge,
	} {
		if _, err := SignJWS(hardware{Signer: key, answer: answer}, "k", "t", nil); err == nil {
			t.Errorf("%s: taken for a signature", name)
		}
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := SignJWS(p384, "k", "t", nil); err == nil {
		t.Error("a P-384 key signed ES256")
	}
}

// Short scalars keep their leading zeros (RFC 7518 section 3.4).
func TestFixedSizePads(t *testing.T) {
	t.Parallel()
	got, err := fixedSize([]byte{0x30, 0x06, 0x02, 0x01, 0x07, 0x02, 0x01, 0x09})
	want := make([]byte, 64)
	want[31], want[63] = 7, 9
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v", got, err)
	}
}

func BenchmarkSignJWS(b *testing.B) {
	key := fixedKey(b, 5)
	payload := bytes.Repeat([]byte("x"), 700)
	for b.Loop() {
		if _, err := SignJWS(key, "kid", "dc+sd-jwt", payload); err != nil {
			b.Fatal(err)
		}
	}
}
