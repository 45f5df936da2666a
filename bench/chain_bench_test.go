package bench

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
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
	path := filepath.Join(b.TempDir(), "cocarde.db")
	s, err := store.Open(b.Context(), store.Options{Database: path, Migrate: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	c := newChain(b, s)
	template := provenRequest(b, s)
	floor := newTransactionFloor(b)

	var issuing, bare time.Duration
	var next atomic.Int64
	for b.Loop() {
		c.prove(b, path, template, next.Load(), issuers*turn)
		issuing += inTurns(b, func() error {
			id := requestID(next.Add(1))
			_, err := c.Issue(b.Context(), id, "token of "+id)
			return err
		})
		bare += inTurns(b, floor)
	}
	done := float64(next.Load())
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

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// prove makes requests with both proofs from one, each of another account and
// mailbox, in one transaction: what led to them is not measured.
func (c chain) prove(b *testing.B, path string, template attest.Request, after int64, count int) {
	b.Helper()
	b.StopTimer()
	defer b.StartTimer()
	db := openSQLite(b, path)
	defer func() { _ = db.Close() }()
	tx, err := db.Begin()
	check(b, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.Exec(`CREATE TEMP TABLE one AS SELECT * FROM requests WHERE id = $1`, template.ID)
	check(b, err)
	for n := range int64(count) {
		check(b, c.copyRequest(tx, requestID(after+n+1)))
	}
	check(b, tx.Commit())
}

func (c chain) copyRequest(tx *sql.Tx, id string) error {
	address := "marie." + id + "@culture.gouv.fr"
	key := sha256.Sum256([]byte(address))
	_, err := tx.Exec(`
		UPDATE one SET id = $1, badge_id = $2, token_hash = $3, actor_id = $4, handle = $5, mailbox = $6, mailbox_key = $7;
		INSERT INTO requests SELECT * FROM one`,
		id, "b"+id[1:], c.vault.CodeHash("request", id, "token of "+id), "https://social.example.org/users/"+id,
		fmt.Sprintf("@%s@social.example.org", id), c.vault.Seal("mailbox", []byte(address)), key[:])
	return err
}

type chainVault struct{ keys keys.DataKeys }

func (v chainVault) Seal(purpose string, plain []byte) []byte {
	return v.keys.Sealing.Seal(purpose, plain)
}
func (v chainVault) Open(purpose string, sealed []byte) ([]byte, error) {
	return v.keys.Sealing.Open(purpose, sealed)
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
