package bench

import (
	"database/sql"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"
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
	requests := onSQLite(b)
	floor := newTransactionFloor(b)
	var issuing, bare time.Duration
	for b.Loop() {
		requests.add(b, issuers*turn, onlyID)
		issuing += inTurns(b, turn, func() error { return requests.issue(b) })
		bare += inTurns(b, turn, floor)
	}
	done := float64(requests.issued.Load())
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

// inTurns lets every client act so many times, and gives the time for all.
func inTurns(b *testing.B, times int, act func() error) time.Duration {
	b.Helper()
	var clients sync.WaitGroup
	start := time.Now()
	for range issuers {
		clients.Go(func() {
			for range times {
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
