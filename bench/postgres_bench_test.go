package bench

import (
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"cocarde.example/test/postgres"
)

// pgTurn is how many transactions each client makes before floor and subject
// change places.
const pgTurn = 100

// BenchmarkIssuePostgres measures the store's part of issuing, as
// BenchmarkIssueSQLite does. x-floor is its rate as a multiple of that of pgbench -N,
// whose transactions are an update, a select and an insert, on the same server.
func BenchmarkIssuePostgres(b *testing.B) {
	server := postgres.New(b)
	requests := onPostgres(b, newDatabase(b, server))
	againstPgbench(b, server, requests, onlyID, func() error { return requests.issue(b) })
}

// BenchmarkIssuePostgresChain measures issuing, all of it, as BenchmarkIssueChain does.
func BenchmarkIssuePostgresChain(b *testing.B) {
	server := postgres.New(b)
	requests := onPostgres(b, newDatabase(b, server))
	c := newChain(b, requests.store)
	againstPgbench(b, server, requests, c.proven, func() error { return c.issue(b, requests.next()) })
}

func againstPgbench(b *testing.B, server *postgres.Server, requests *requests, change change, issue func() error) {
	floor := newPgbench(b, server)
	round := func() (rate, bare float64) {
		requests.add(b, issuers*pgTurn, change)
		rate = issuers * pgTurn / inTurns(b, pgTurn, issue).Seconds()
		return rate, floor.run(b)
	}
	round() // prepares statements, and brings data into memory
	var rates, floors, ratios []float64
	for b.Loop() {
		rate, bare := round()
		rates, floors, ratios = append(rates, rate), append(floors, bare), append(ratios, rate/bare)
	}
	b.ReportMetric(median(rates), "issued/s")
	b.ReportMetric(median(floors), "floor/s")
	b.ReportMetric(median(ratios), "x-floor")
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

func newDatabase(b *testing.B, server *postgres.Server) (url string) {
	b.Helper()
	url, err := server.NewDatabase(b.Context())
	check(b, err)
	return url
}

// pgbench is PostgreSQL's own load on a database of its own.
type pgbench struct{ program, url string }

func newPgbench(b *testing.B, server *postgres.Server) pgbench {
	b.Helper()
	p := pgbench{server.Tool("pgbench"), newDatabase(b, server)}
	p.call(b, "--initialize", "--scale=10", "--quiet")
	return p
}

var rate = regexp.MustCompile(`tps = ([0-9.]+) \(without initial connection time\)`)

// run gives the transactions a second.
func (p pgbench) run(b *testing.B) float64 {
	b.Helper()
	out := p.call(b, "--skip-some-updates", "--no-vacuum", "--client="+strconv.Itoa(issuers), "--transactions="+strconv.Itoa(pgTurn))
	found := rate.FindSubmatch(out)
	if found == nil {
		b.Fatalf("pgbench tells no rate:\n%s", out)
	}
	tps, err := strconv.ParseFloat(string(found[1]), 64)
	check(b, err)
	return tps
}

func (p pgbench) call(b *testing.B, args ...string) []byte {
	b.Helper()
	out, err := exec.Command(p.program, append(args, p.url)...).CombinedOutput()
	if err != nil {
		b.Fatalf("pgbench: %v\n%s", err, out)
	}
	return out
}
