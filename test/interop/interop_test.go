// Package interop has other people's libraries verify what ours makes.
package interop

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"cocarde.example/verify"
	"github.com/go-jose/go-jose/v4"
)

const (
	issuer  = "https://cocarde.example.gouv.fr"
	listURI = issuer + "/status/1"
	handle  = "@marie@social.example"
	email   = "marie.dupont@culture.gouv.fr"
	index   = 417233
)

// published has the form that `cocarde demo --once --json` prints.
type published struct {
	Issuer       string            `json:"issuer"`
	JWKS         json.RawMessage   `json:"jwks"`
	Attestations []attestation     `json:"attestations"`
	StatusLists  map[string]string `json:"status_lists"`
}

type attestation struct {
	Public         string        `json:"public"`
	WithDisclosure string        `json:"with_disclosure"`
	Handle         string        `json:"handle"`
	Report         verify.Report `json:"report"`
}

func TestOthersAccept(t *testing.T) {
	t.Parallel()
	out, err := check(t, publish(t, nil))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		`{"what":"public","how":"jose"`, `{"what":"public","how":"@sd-jwt/sd-jwt-vc"`, `"email":"` + email + `"`,
		`{"what":"with_disclosure","how":"@sd-jwt/sd-jwt-vc"`, `"idx":417233,"status":0`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}

// TestOthersSeeStatus shows that the script can fail: the libraries read the same
// entry of the list as we do.
func TestOthersSeeStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []verify.Status{verify.Revoked, verify.Suspended} {
		if out, err := check(t, publish(t, map[int64]verify.Status{index: status})); err == nil {
			t.Errorf("%v was accepted:\n%s", status, out)
		}
	}
}

// check runs the script, which `npm ci` in this folder makes ready.
func check(t *testing.T, p published) (output string, err error) {
	t.Helper()
	if _, err := os.Stat("node_modules/jose"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("the verifiers are not installed: run npm ci in test/interop")
		}
		t.Skip("the verifiers are not installed: run npm ci in test/interop")
	}
	in, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "check.mjs")
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// publish makes what an issuer would, with the statuses given. The report is that
// of our own verifier before any status was set.
func publish(t *testing.T, statuses map[int64]verify.Status) published {
	t.Helper()
	scalar := sha256.Sum256([]byte("interop"))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	must(t, err)
	jwk := jose.JSONWebKey{Key: key, Algorithm: string(jose.ES256), Use: "sig"}
	thumbprint, err := jwk.Thumbprint(crypto.SHA256)
	must(t, err)
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	public, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{jwk.Public()}})
	must(t, err)

	now := time.Now()
	a := attest(t, jwk, now)
	a.Report = report(t, public, a.WithDisclosure, signList(t, jwk, now, nil))
	return published{issuer, public, []attestation{a}, map[string]string{listURI: signList(t, jwk, now, statuses)}}
}

func attest(t *testing.T, jwk jose.JSONWebKey, now time.Time) attestation {
	t.Helper()
	disclosure, err := verify.NewDisclosure([]byte("0123456789abcdef"), verify.ClaimEmail, email)
	must(t, err)
	at := now.Truncate(time.Hour).Unix()
	payload, err := verify.Claims{
		Issuer: issuer, Subject: "https://social.example/users/marie", Acct: "acct:marie@social.example",
		VCT: verify.VCT(issuer, verify.KindMailbox), IssuedAt: at, NotBefore: at, ExpiresAt: at + 180*24*3600,
		Agency:       verify.Agency{Domain: "culture.gouv.fr", Name: "Ministère de la Culture", Country: "FR"},
		AccountProof: verify.Proof{Method: "oauth", At: at}, MailboxProof: verify.Proof{Method: "code", At: at},
		StatusIndex: index, StatusURI: listURI, ID: "AAECAwQFBgcICQoLDA0ODw",
	}.Payload(disclosure)
	must(t, err)
	jws := sign(t, jwk, verify.TypeSDJWT, payload)
	return attestation{Public: verify.Compose(jws), WithDisclosure: verify.Compose(jws, disclosure), Handle: handle}
}

func signList(t *testing.T, jwk jose.JSONWebKey, now time.Time, statuses map[int64]verify.Status) string {
	t.Helper()
	list, err := verify.NewStatusList(1 << 20)
	must(t, err)
	for idx, status := range statuses {
		must(t, list.Set(idx, status))
	}
	payload, err := verify.ListClaims{URI: listURI, IssuedAt: now.Unix(), ExpiresAt: now.Add(time.Hour).Unix(), TTL: 300}.Payload(list)
	must(t, err)
	return sign(t, jwk, verify.TypeStatusList, payload)
}

func report(t *testing.T, jwks []byte, token, list string) verify.Report {
	t.Helper()
	source, err := verify.NewOffline(verify.Offline{Issuer: issuer, JWKS: jwks, Lists: []string{list}})
	must(t, err)
	r := verify.New(verify.Config{Source: source}).Verify(t.Context(), token, verify.ForHandle(handle))
	if !r.Valid {
		t.Fatalf("our own verifier: %+v", r)
	}
	return r
}

func sign(t *testing.T, jwk jose.JSONWebKey, typ string, payload []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jwk}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	must(t, err)
	signed, err := signer.Sign(payload)
	must(t, err)
	compact, err := signed.CompactSerialize()
	must(t, err)
	return compact
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
