package bench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/store"
	"cocarde.example/internal/translog"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

const chainIssuer = "https://cocarde.example.org"

// BenchmarkIssueChain measures issuing, all of it: VRF outputs, disclosure,
// signature, the issuer's own check of it, and the commit. x-floor is its rate
// as a multiple of that of bare transactions of one insert with the same settings.
func BenchmarkIssueChain(b *testing.B) {
	requests := onSQLite(b)
	c := newChain(b, requests.store)
	floor := newTransactionFloor(b)
	var issuing, bare time.Duration
	for b.Loop() {
		requests.add(b, issuers*turn, c.proven)
		issuing += inTurns(b, turn, func() error { return c.issue(b, requests.next()) })
		bare += inTurns(b, turn, floor)
	}
	done := float64(requests.issued.Load())
	b.ReportMetric(done/issuing.Seconds(), "issued/s")
	b.ReportMetric(done/bare.Seconds(), "floor/s")
	b.ReportMetric(bare.Seconds()/issuing.Seconds(), "x-floor")
}

// chain is the domain as the server joins it, without the network.
type chain struct {
	*attest.Requests
	vault chainVault
}

func newChain(b *testing.B, s *store.Store) chain {
	b.Helper()
	secret, err := keys.CreateSecret(filepath.Join(b.TempDir(), "secret"))
	check(b, err)
	_, data := keys.NewDataKeys(secret)
	vrf, err := translog.NewVRF(data.VRF.Bytes())
	check(b, err)
	key, err := keys.Generate()
	check(b, err)
	kid, err := keys.Thumbprint(key.Public())
	check(b, err)
	described, err := keys.NewKey(data.Sealing, key, keys.Active, time.Now(), time.Now())
	check(b, err)
	described.ActivatedAt = time.Now()
	check(b, s.ChangeKeys(b.Context(), []keyring.Change{
		{From: keys.Active, Key: keys.Key{KID: "kid", State: keys.Retired}, Event: attest.Event{Kind: attest.EventKeyRetired, KID: "kid"}},
		{From: keys.Unborn, Key: described, Event: attest.Event{Kind: attest.EventKeyAnnounced, KID: kid}},
	}))
	own, err := verify.NewIssuer(chainIssuer, []byte(`{"keys":[`+string(described.JWK)+`]}`))
	check(b, err)
	c := chain{vault: chainVault{data}}
	c.Requests = attest.NewRequests(attest.RequestsConfig{
		Issuer: chainIssuer, Store: s, Vault: c.vault, Pseudonyms: vrf, Validity: attest.DefaultValidity, Mail: true,
		Signer: chainSigner(func(typ string, payload []byte) (string, string, error) {
			jws, err := keys.SignJWS(key, kid, typ, payload)
			return jws, kid, err
		}),
		Checker: chainChecker{verify.New(verify.Config{Source: chainSource{own}})},
		Limits:  attest.DefaultLimits(), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	return c
}

func check(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// proven is a request with both proofs, of an account and a mailbox of its own.
func (c chain) proven(id string) map[string]any {
	address := "marie." + id + "@culture.gouv.fr"
	key := sha256.Sum256([]byte(address))
	return map[string]any{
		"id": id, "badge_id": "b" + id[1:], "token_hash": c.vault.CodeHash("request", id, tokenOf(id)),
		"actor_id": "https://social.example.org/users/" + id, "handle": fmt.Sprintf("@%s@social.example.org", id),
		"mailbox": c.vault.Seal("mailbox", []byte(address)), "mailbox_key": key[:],
	}
}

func tokenOf(id string) string { return "token of " + id }

func (c chain) issue(b *testing.B, id string) error {
	_, err := c.Issue(b.Context(), id, tokenOf(id))
	return err
}

type chainVault struct{ keys keys.DataKeys }

func (v chainVault) Seal(purpose string, plain []byte) []byte {
	return v.keys.Sealing.Seal(purpose, plain)
}
func (v chainVault) Open(purpose string, sealed []byte) ([]byte, error) {
	return v.keys.Sealing.Open(purpose, sealed)
}
func (v chainVault) NewOwnKey() []byte { return v.keys.Sealing.NewOwnKey() }

func (v chainVault) SealUnder(ownKey []byte, purpose string, plain []byte) ([]byte, error) {
	s, err := v.keys.Sealing.Under(ownKey)
	if err != nil {
		return nil, err
	}
	return s.Seal(purpose, plain), nil
}

func (v chainVault) OpenUnder(ownKey []byte, purpose string, sealed []byte) ([]byte, error) {
	s, err := v.keys.Sealing.Under(ownKey)
	if err != nil {
		return nil, err
	}
	return s.Open(purpose, sealed)
}

func (v chainVault) MailboxKey(a acct.Address) []byte {
	return v.keys.Lookup.MAC("mailbox", []byte(a.Key()))
}
func (v chainVault) CodeHash(purpose string, parts ...string) []byte {
	b := make([][]byte, len(parts))
	for i, p := range parts {
		b[i] = []byte(p)
	}
	return v.keys.Codes.MAC(purpose, b...)
}

type chainSigner func(typ string, payload []byte) (jws, kid string, err error)

func (s chainSigner) Reload(context.Context) error                            { return nil }
func (s chainSigner) KID() string                                             { return "key" }
func (s chainSigner) Sign(typ string, payload []byte) (string, string, error) { return s(typ, payload) }

type chainChecker struct{ v *verify.Verifier }

func (c chainChecker) Verify(ctx context.Context, token string, a verify.Account) verify.Report {
	return c.v.Verify(ctx, token, a)
}

// chainSource knows one issuer, all of whose indices are valid.
type chainSource struct{ issuer *verify.Issuer }

func (s chainSource) Issuer(context.Context, string) (*verify.Issuer, error)  { return s.issuer, nil }
func (s chainSource) Refresh(context.Context, string) (*verify.Issuer, error) { return s.issuer, nil }
func (s chainSource) StatusList(context.Context, string, string) (verify.StatusReader, error) {
	return allValid{}, nil
}

type allValid struct{}

func (allValid) Status(int64) (verify.Status, error) { return verify.Valid, nil }
func (allValid) FreshUntil() time.Time               { return time.Time{} }
