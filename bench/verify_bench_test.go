package bench

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cocarde.example/verify"
)

const verifyIssuer = "https://cocarde.example.gouv.fr"

// BenchmarkVerifyFresh measures a token that was never seen, every check included.
// x-floor is its time as a multiple of bare ecdsa.Verify of the same bytes.
func BenchmarkVerifyFresh(b *testing.B) {
	subject := newVerified(b)
	v := verify.New(verify.Config{Source: subject.source, MaxSeenBytes: -1})
	subject.measure(b, 1, func() bool {
		return v.Verify(context.Background(), subject.token, verify.ForHandle("@marie@social.example")).Valid
	})
}

// BenchmarkVerifySeen measures a token that was seen before.
func BenchmarkVerifySeen(b *testing.B) {
	subject := newVerified(b)
	v := verify.New(verify.Config{Source: subject.source})
	subject.measure(b, 50, func() bool {
		return v.Verify(context.Background(), subject.token, verify.ForHandle("@marie@social.example")).Valid
	})
}

// verified is a token with its issuer's keys and list, and the floor under checking it.
type verified struct {
	token  string
	source verify.Source
	floor  func() bool
}

// measure lets subject and floor take turns, so that both meet the same machine,
// and compares medians: a turn that another program interrupts tells nothing.
// The subject runs times times for each run of the floor, to be above the clock's grain.
func (s verified) measure(b *testing.B, times int, subject func() bool) {
	b.Helper()
	if !subject() || !s.floor() {
		b.Fatal("the token does not hold")
	}
	var spent, bare []time.Duration
	for b.Loop() {
		start := time.Now()
		ok := s.floor()
		between := time.Now()
		for range times {
			ok = subject() && ok
		}
		spent = append(spent, time.Since(between)/time.Duration(times))
		bare = append(bare, between.Sub(start))
		if !ok {
			b.Fatal("the token does not hold")
		}
	}
	each, floor := middle(spent), middle(bare)
	b.ReportMetric(float64(each.Nanoseconds()), "ns/token")
	b.ReportMetric(float64(floor.Nanoseconds()), "floor-ns")
	b.ReportMetric(each.Seconds()/floor.Seconds(), "x-floor")
}

func middle(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func newVerified(b *testing.B) verified {
	b.Helper()
	scalar := sha256.Sum256([]byte("bench"))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	check(b, err)
	jwk := jose.JSONWebKey{Key: key, Algorithm: string(jose.ES256), Use: "sig"}
	thumbprint, err := jwk.Thumbprint(crypto.SHA256)
	check(b, err)
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{jwk.Public()}})
	check(b, err)
	jws := signJWS(b, jwk, verify.TypeSDJWT, attestationPayload(b))
	source, err := verify.NewOffline(verify.Offline{
		Issuer: verifyIssuer, JWKS: jwks, Lists: []string{signJWS(b, jwk, verify.TypeStatusList, listPayload(b))},
	})
	check(b, err)
	return verified{verify.Compose(jws), source, bareVerify(b, &key.PublicKey, jws)}
}

// bareVerify is what nobody can do without: hash the signed bytes, verify the signature.
func bareVerify(b *testing.B, key *ecdsa.PublicKey, jws string) func() bool {
	b.Helper()
	dot := strings.LastIndexByte(jws, '.')
	signed := []byte(jws[:dot])
	signature, err := base64.RawURLEncoding.DecodeString(jws[dot+1:])
	check(b, err)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return func() bool {
		hash := sha256.Sum256(signed)
		return ecdsa.Verify(key, hash[:], r, s)
	}
}

func attestationPayload(b *testing.B) []byte {
	b.Helper()
	disclosure, err := verify.NewDisclosure([]byte("0123456789abcdef"), verify.ClaimEmail, "marie.dupont@culture.gouv.fr")
	check(b, err)
	at := time.Now().Truncate(time.Hour).Unix()
	payload, err := verify.Claims{
		Issuer: verifyIssuer, Subject: "https://social.example/users/marie", Acct: "acct:marie@social.example",
		VCT: verify.VCT(verifyIssuer, verify.KindMailbox), IssuedAt: at, NotBefore: at, ExpiresAt: at + 180*24*3600,
		Agency:       verify.Agency{Domain: "culture.gouv.fr", Name: "Ministère de la Culture", Country: "FR"},
		AccountProof: verify.Proof{Method: "oauth", At: at}, MailboxProof: verify.Proof{Method: "code", At: at},
		StatusIndex: 417233, StatusURI: verifyIssuer + "/status/1", ID: "AAECAwQFBgcICQoLDA0ODw",
	}.Payload(disclosure)
	check(b, err)
	return payload
}

func listPayload(b *testing.B) []byte {
	b.Helper()
	list, err := verify.NewStatusList(1 << 20)
	check(b, err)
	payload, err := verify.ListClaims{URI: verifyIssuer + "/status/1", IssuedAt: time.Now().Unix()}.Payload(list)
	check(b, err)
	return payload
}

func signJWS(b *testing.B, jwk jose.JSONWebKey, typ string, payload []byte) string {
	b.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jwk}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	check(b, err)
	signed, err := signer.Sign(payload)
	check(b, err)
	compact, err := signed.CompactSerialize()
	check(b, err)
	return compact
}
