package bench

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

// badges is how many a country has: all of France's public service is 5,700,000
// agents. That takes some 15 GB of disk and some minutes to load.
var badges = flag.Int64("badges", 20_000, "badges in the large database of BenchmarkCountry")

const (
	perBadge   = 2700 // bytes of disk, indexes included
	few        = 1000 // badges in the small database
	warming    = 30_000
	lookups    = 60_000
	lookupTurn = 100 // before another kind of look-up takes its place
)

// BenchmarkCountry measures what depends on how many badges there are.
func BenchmarkCountry(b *testing.B) {
	hasRoom(b, *badges*perBadge*5/4)
	// What is loaded need not go through the log. The memory is what OPERATING.md asks for.
	server := postgres.New(b, "wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB",
		"maintenance_work_mem=512MB", "shared_buffers=1GB")
	small, large := loaded(b, server, few), loaded(b, server, *badges)
	warm(b, server, large)
	b.Run("Lookup", func(b *testing.B) { benchmarkLookup(b, small, large) })
	site := site{serveBadge(b, "COCARDE_DATABASE="+large), large, filepath.Join(b.TempDir(), "cocarde")}
	site.issuer.stop()
	build(b, site.binary, "../cmd/cocarde")
	b.Run("Memory", func(b *testing.B) { benchmarkMemory(b, site) })
	b.Run("Replicas", func(b *testing.B) { benchmarkReplicas(b, site) })
}

// hasRoom refuses to fill a disk.
func hasRoom(b *testing.B, bytes int64) {
	b.Helper()
	var disk syscall.Statfs_t
	check(b, syscall.Statfs(os.TempDir(), &disk))
	if free := int64(disk.Bavail) * disk.Bsize; free < bytes {
		b.Fatalf("%s has %d MB free, and %d badges need %d: set TMPDIR, or -badges", os.TempDir(), free>>20, *badges, bytes>>20)
	}
}

// loaded makes a database with so many badges.
func loaded(b *testing.B, server *postgres.Server, badges int64) (url string) {
	b.Helper()
	url = newDatabase(b, server)
	_, err := store.Migrate(b.Context(), store.Options{Database: url})
	check(b, err)
	_, token := seenToken(b)
	c := country{badges: badges, token: token, until: time.Now()}
	p := &progress{what: fmt.Sprintf("loading %d badges", badges), after: "building indexes", total: c.rows()}
	end, shown := make(chan struct{}), make(chan struct{})
	go func() {
		p.show(end)
		close(shown)
	}()
	err = c.load(b.Context(), url, func() { p.done.Add(1) })
	close(end)
	<-shown
	check(b, err)
	return url
}

// warm has what look-ups read in memory, as on a server that has run for a while: the
// index in PostgreSQL's own, the table in the system's. While they were loaded, other
// pages may have taken their place; nor is anything of them left to be written.
func warm(b *testing.B, server *postgres.Server, database string) {
	b.Helper()
	u, err := url.Parse(database)
	check(b, err)
	check(b, server.Exec(b.Context(), strings.TrimPrefix(u.Path, "/"), `CREATE EXTENSION pg_prewarm;
		SELECT pg_prewarm('badges', 'read'), pg_prewarm('badges_handle', 'buffer'); CHECKPOINT`))
}

// benchmarkLookup measures the look-up of a badge by its handle, each time another
// one at random: the large database's table is for the most part in the system's
// memory alone, if that is large enough. x-floor is the median of its time as
// a multiple of that among few badges, x-floor-p99 that of the 99th percentile.
// x-floor-again is the median where the same few of the many are asked for again and
// again, so that nothing is left but the depth of the indexes.
func benchmarkLookup(b *testing.B, small, large string) {
	among, anywhere := openStore(b, small), openStore(b, large)
	famous := rand.Int64N(*badges - few)
	asked := []struct {
		store  *store.Store
		handle func() acct.Handle
		times  []time.Duration
	}{
		{store: among, handle: func() acct.Handle { return handleOf(rand.Int64N(few)) }},
		{store: anywhere, handle: func() acct.Handle { return handleOf(rand.Int64N(*badges)) }},
		{store: anywhere, handle: func() acct.Handle { return handleOf(famous + rand.Int64N(few)) }},
	}
	for round := range warming + lookups {
		a := &asked[round/lookupTurn%len(asked)]
		h := a.handle()
		took := timed(func() {
			_, err := a.store.BadgeOfHandle(b.Context(), h)
			check(b, err)
		})
		if round >= warming {
			a.times = append(a.times, took)
		}
	}
	for _, a := range asked {
		slices.Sort(a.times)
	}
	at := func(which, percentile int) float64 {
		times := asked[which].times
		return times[len(times)*percentile/100].Seconds()
	}
	b.ReportMetric(float64(databaseSize(b, large))/1e9, "GB")
	b.ReportMetric(at(1, 50)*1e6, "us/lookup")
	b.ReportMetric(at(0, 50)*1e6, "floor-us")
	b.ReportMetric(at(1, 99)*1e6, "us/p99")
	b.ReportMetric(at(0, 99)*1e6, "floor-us-p99")
	b.ReportMetric(at(1, 50)/at(0, 50), "x-floor")
	b.ReportMetric(at(1, 99)/at(0, 99), "x-floor-p99")
	b.ReportMetric(at(2, 50)/at(0, 50), "x-floor-again")
}

func openStore(b *testing.B, url string) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{Database: url})
	check(b, err)
	b.Cleanup(func() { check(b, s.Close()) })
	return s
}

func databaseSize(b *testing.B, url string) (bytes int64) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), url)
	check(b, err)
	defer conn.Close(context.Background())
	check(b, conn.QueryRow(b.Context(), `SELECT pg_database_size(current_database())`).Scan(&bytes))
	return bytes
}
