package bench

import (
	"bytes"
	"compress/zlib"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	mathrand "math/rand/v2"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/statuslist"
	"cocarde.example/keys"
	"cocarde.example/test/postgres"
	"cocarde.example/verify"
)

// revoked is how many indices of the full list are: one in a hundred.
const revoked = statuslist.Size / 100

// BenchmarkListPostgres measures how a change in a status list comes out, of which
// one in a hundred is revoked: the change is read, and the list is packed, signed and
// stored. x-floor is its time as a multiple of that of zlib at its default level over
// the same bytes, and one bare signature; x-floor-start where nothing is in memory
// yet, so that every status is read first.
func BenchmarkListPostgres(b *testing.B) {
	benchmarkList(b, onPostgres(b, newDatabase(b, postgres.New(b))))
}

// BenchmarkListSQLite is the same on SQLite.
func BenchmarkListSQLite(b *testing.B) { benchmarkList(b, onSQLite(b)) }

func benchmarkList(b *testing.B, r *requests) {
	key, err := keys.Generate()
	check(b, err)
	floor := bareList(b, revokeSome(b, r.db), key)
	change := changes(b, r)
	now := time.Now()
	signer := chainSigner(func(typ string, payload []byte) (string, string, error) {
		jws, err := keys.SignJWS(key, "key", typ, payload)
		return jws, "key", err
	})
	newPress := func() press {
		clock := func() time.Time { return now }
		board := statuslist.NewBoard(r.store, clock)
		return press{board, statuslist.NewPublisher(r.store, board, signer, chainIssuer, clock)}
	}
	lasting := newPress()
	lasting.publish(b)
	var bare, changed, started []time.Duration
	for b.Loop() {
		bare = append(bare, timed(floor))
		change()
		changed = append(changed, timed(func() { lasting.publish(b) }))
		now = now.Add(2 * time.Hour) // lists are signed anew each hour
		started = append(started, timed(func() { newPress().publish(b) }))
	}
	least := middle(bare).Seconds()
	b.ReportMetric(middle(changed).Seconds()*1000, "ms/change")
	b.ReportMetric(middle(started).Seconds()*1000, "ms/start")
	b.ReportMetric(least*1000, "floor-ms")
	b.ReportMetric(middle(changed).Seconds()/least, "x-floor")
	b.ReportMetric(middle(started).Seconds()/least, "x-floor-start")
}

// press is what a server publishes with.
type press struct {
	board     *statuslist.Board
	publisher *statuslist.Publisher
}

func (p press) publish(b *testing.B) {
	check(b, p.board.Refresh(b.Context()))
	check(b, p.publisher.Publish(b.Context()))
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// changes issues a badge, and gives what suspends and resumes it by turns.
func changes(b *testing.B, r *requests) func() {
	b.Helper()
	r.add(b, 1, onlyID)
	id := requestID(r.issued.Load() + 1)
	check(b, r.issue(b))
	to, next := verify.Suspended, verify.Valid
	return func() {
		_, err := r.store.ChangeStatus(b.Context(), attest.StatusChange{BadgeID: id, To: to, At: time.Now(), By: "operator", Reason: attest.Other})
		check(b, err)
		check(b, r.store.NumberEvents(b.Context()))
		to, next = next, to
	}
}

// revokeSome takes nine tenths of a list's indices, and revokes some at random.
func revokeSome(b *testing.B, db *sql.DB) (indices []int64) {
	b.Helper()
	const taken = statuslist.Size / 10 * 9
	tx, err := db.Begin()
	check(b, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.Exec(`
		WITH RECURSIVE n (idx) AS (SELECT 1 UNION ALL SELECT idx + 1 FROM n WHERE idx < $1)
		INSERT INTO status_entries (list, idx, status) SELECT 1, idx - 1, 0 FROM n`, taken)
	check(b, err)
	revoke, err := tx.Prepare(`UPDATE status_entries SET status = $1 WHERE list = 1 AND idx = $2`)
	check(b, err)
	for _, n := range mathrand.New(mathrand.NewPCG(1, 2)).Perm(taken)[:revoked] {
		indices = append(indices, int64(n))
		_, err := revoke.Exec(verify.Revoked, n)
		check(b, err)
	}
	check(b, tx.Commit())
	for _, tidy := range []string{`VACUUM`, `ANALYZE`} { // as PostgreSQL does by itself, in time
		_, err := db.Exec(tidy)
		check(b, err)
	}
	return indices
}

// bareList packs the bytes of the same list, and signs what comes of it.
func bareList(b *testing.B, indices []int64, key *ecdsa.PrivateKey) func() {
	raw := make([]byte, statuslist.Size*verify.StatusBits/8)
	for _, n := range indices {
		raw[n/4] |= byte(verify.Revoked) << (n % 4 * verify.StatusBits)
	}
	return func() {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		_, err := z.Write(raw)
		check(b, err)
		check(b, z.Close())
		hash := sha256.Sum256(packed.Bytes())
		_, _, err = ecdsa.Sign(rand.Reader, key, hash[:])
		check(b, err)
	}
}
