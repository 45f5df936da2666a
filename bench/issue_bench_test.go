package bench

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/store"
)

const (
	// issuers is how many clients issue at once.
	issuers = 8
	// turn is how many transactions each of them makes before floor and subject
	// change places, so that both meet the same disk at the same time.
	turn = 25
)

// BenchmarkIssueSQLite measures the store's part of issuing: a free index, and
// the transaction that writes badge, attestation, index, event and mail. x-floor
// is its rate as a multiple of bare one-insert transactions' with the same settings.
func BenchmarkIssueSQLite(b *testing.B) {
	path := filepath.Join(b.TempDir(), "cocarde.db")
	s, err := store.Open(b.Context(), store.Options{Database: path, Migrate: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	template := provenRequest(b, s)
	floor := newTransactionFloor(b)

	var issuing, bare time.Duration
	var next atomic.Int64
	for b.Loop() {
		copyRequests(b, path, template.ID, next.Load(), issuers*turn)
		issuing += inTurns(b, func() error { return issueTo(b, s, template, next.Add(1)) })
		bare += inTurns(b, floor)
	}
	done := float64(next.Load())
	b.ReportMetric(done/issuing.Seconds(), "issued/s")
	b.ReportMetric(done/bare.Seconds(), "floor/s")
	b.ReportMetric(bare.Seconds()/issuing.Seconds(), "x-floor")
}

// newTransactionFloor gives the floor under everything that commits to SQLite: a
// transaction of one insert, with the store's settings, and with a connection
// for each client, which is the faster shape for it.
func newTransactionFloor(b *testing.B) (insert func() error) {
	b.Helper()
	db := openSQLite(b, filepath.Join(b.TempDir(), "floor.db"))
	db.SetMaxOpenConns(issuers)
	db.SetMaxIdleConns(issuers)
	if _, err := db.Exec(`CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT`); err != nil {
		b.Fatal(err)
	}
	stmt, err := db.Prepare(`INSERT INTO bare (body) VALUES ($1)`)
	if err != nil {
		b.Fatal(err)
	}
	body := make([]byte, 100)
	return func() error {
		tx, err := db.BeginTx(b.Context(), nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := tx.Stmt(stmt).Exec(body); err != nil {
			return err
		}
		return tx.Commit()
	}
}

func openSQLite(b *testing.B, path string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(5000)"+
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// inTurns lets every client act a turn's times, and gives the time for all.
func inTurns(b *testing.B, act func() error) time.Duration {
	b.Helper()
	var clients sync.WaitGroup
	start := time.Now()
	for range issuers {
		clients.Go(func() {
			for range turn {
				if err := act(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	if b.Failed() {
		b.FailNow()
	}
	return time.Since(start)
}

func issueTo(b *testing.B, s *store.Store, r attest.Request, n int64) error {
	list, index, err := s.FreeIndex(b.Context())
	if err != nil {
		return err
	}
	id := requestID(n)
	r.Actor.ID += id
	jti := "jti-" + id
	vrf := make([]byte, 64)
	badge := attest.Badge{
		ID: id, Kind: attest.AgencyMailbox, Actor: r.Actor, Agency: r.Agency, Mailbox: r.Mailbox,
		MailboxKey: []byte("the keyed hash of mailbox " + id), Listed: true,
		CreatedAt: r.CreatedAt, ChangedAt: r.CreatedAt, AccountVRF: vrf, AgencyVRF: vrf,
	}
	return s.Issue(b.Context(), attest.Issuance{
		RequestID: id,
		Badge:     badge,
		Attestation: attest.Attestation{JTI: jti, BadgeID: id, Token: string(make([]byte, 1300)), KID: "kid", List: list, Index: index,
			IssuedAt: r.CreatedAt, ExpiresAt: r.CreatedAt.AddDate(0, 0, 180)},
		Event: attest.Event{Kind: attest.EventIssued, At: r.CreatedAt, By: "agent", BadgeID: id, JTI: jti, List: list, Index: index,
			TokenHash: make([]byte, 32), AccountVRF: vrf, AgencyVRF: vrf},
		Mail: &attest.OutboxEntry{Kind: attest.OutboxMail, Body: make([]byte, 400), NotBefore: r.CreatedAt},
	})
}

func requestID(n int64) string { return fmt.Sprintf("r%011d", n) }

// provenRequest keeps one request with both proofs.
func provenRequest(b *testing.B, s *store.Store) attest.Request {
	b.Helper()
	h, err := acct.ParseHandle("@marie@social.example.org")
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	r := attest.Request{
		ID: "template", BadgeID: "template", TokenHash: make([]byte, 32), State: attest.AwaitingAccountProof,
		Actor:   attest.Actor{ID: "https://social.example.org/users/", URL: "https://social.example.org/@marie", Handle: h, Host: h.Host()},
		Mailbox: make([]byte, 80), MailboxKey: []byte("key"), Agency: attest.Agency{Domain: "culture.gouv.fr", Name: "Culture", Country: "FR"},
		Lang: "fr", Listed: true, Method: attest.ByOAuth, CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour),
	}
	code := attest.Code{Hash: make([]byte, 32), ExpiresAt: now.Add(time.Hour)}
	err = s.AddRequest(b.Context(), r, &attest.SignIn{StateHash: []byte("s"), Browser: []byte("b"), Verifier: []byte("v"), ExpiresAt: now})
	if err == nil {
		err = s.ProveAccount(b.Context(), r.ID, now, code, nil)
	}
	if err == nil {
		err = s.ProveMailbox(b.Context(), r.ID, code.Hash, now)
	}
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// copyRequests makes proven requests from one, in one transaction: what led to
// them is not measured.
func copyRequests(b *testing.B, path, template string, after int64, count int) {
	b.Helper()
	b.StopTimer()
	defer b.StartTimer()
	db := openSQLite(b, path)
	defer func() { _ = db.Close() }()
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec(`CREATE TEMP TABLE one AS SELECT * FROM requests WHERE id = $1`, template); err != nil {
		b.Fatal(err)
	}
	for n := range int64(count) {
		_, err := tx.Exec(`UPDATE one SET id = $1; INSERT INTO requests SELECT * FROM one`, requestID(after+n+1))
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
