package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// benchmarkMemory reports the most that serve had resident (VmHWM): once it is ready,
// and after requests of every kind and after a status list was published anew.
func benchmarkMemory(b *testing.B, site site) {
	s := site.serve(b)
	ready := peak(b, s)
	clients := connect(b, s.addr)
	verifying := verifyRequest(fmt.Sprintf(`{"attestation":%q}`, tokenAt(b, s, path.Base(site.issuer.badge))))
	askEach(b, clients, 2000, func() []byte { return verifying })
	askEach(b, clients, 2000, func() []byte {
		return getRequest("/v1/attestations?handle=" + url.QueryEscape(handleOf(rand.Int64N(*badges)).String()))
	})
	askEach(b, clients, 2000, func() []byte { return getRequest("/b/" + badgeID(rand.Int64N(*badges))) })
	askEach(b, clients, 200, func() []byte { return getRequest("/b/" + badgeID(rand.Int64N(*badges)) + "/preview.png") })
	site.republish(b, s)
	b.ReportMetric(ready, "MiB-ready")
	b.ReportMetric(peak(b, s), "MiB")
}

// benchmarkReplicas measures POST /v1/verify of two servers on one database, between
// which connections are dealt out by turns. x-one is their rate as a multiple of
// that of one of them.
func benchmarkReplicas(b *testing.B, site site) {
	const rounds = 50
	one, two := site.serve(b), site.serve(b)
	verifying := verifyRequest(fmt.Sprintf(`{"attestation":%q}`, tokenAt(b, one, path.Base(site.issuer.badge))))
	alone, other := connect(b, one.addr), connect(b, two.addr)
	both := append(connect(b, one.addr)[:readers/2:readers/2], other[:readers/2]...)
	var ratios, rates []float64
	for range rounds {
		single, shared := askInTurn(b, alone, verifying), askInTurn(b, both, verifying)
		ratios = append(ratios, single.Seconds()/shared.Seconds())
		rates = append(rates, readers*readerTurn/shared.Seconds())
	}
	b.ReportMetric(median(rates), "verified/s")
	b.ReportMetric(median(ratios), "x-one")
}

// site is an issuer on a large database, and the program that serves it.
type site struct {
	issuer           issuer
	database, binary string
}

// serve starts the program, with a data directory of its own, and waits until it is
// ready.
func (s site) serve(b *testing.B) server {
	b.Helper()
	running := launch(b, []string{
		"COCARDE_DATABASE=" + s.database, "COCARDE_URL=" + s.issuer.origin,
		"COCARDE_SECRET_FILE=" + filepath.Join(s.issuer.dir, "secret"), "COCARDE_PUBLISHED_DIR=" + filepath.Join(s.issuer.dir, "published"),
		"COCARDE_DATA_DIR=" + b.TempDir(), "COCARDE_ADDR=127.0.0.1:0",
	}, s.binary, "serve")
	b.Cleanup(func() { running.stop(b) })
	if running.addr == "" {
		b.Fatal("serve ended before it listened")
	}
	within(b, time.Minute, func() bool {
		status, _ := get(b, running, "/readyz")
		return status == http.StatusOK
	})
	return running
}

// republish suspends a badge, and waits until its status list tells.
func (s site) republish(b *testing.B, running server) {
	b.Helper()
	n := int64(0)
	for revokedAt(n) {
		n++
	}
	path := fmt.Sprintf("/status/%d", list(n))
	_, before := get(b, running, path)
	_, err := openStore(b, s.database).ChangeStatus(b.Context(), attest.StatusChange{
		BadgeID: badgeID(n), To: verify.Suspended, At: time.Now(), By: "operator", Reason: attest.Other,
	})
	check(b, err)
	within(b, time.Minute, func() bool {
		_, after := get(b, running, path)
		return after != before
	})
}

// peak is the most memory that a process ever had resident, in MiB.
func peak(b *testing.B, s server) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Process.Pid))
	check(b, err)
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib float64
	_, err = fmt.Sscan(after, &kib)
	check(b, err)
	return kib / 1024
}

// askEach sends so many requests over all connections, each another one.
func askEach(b *testing.B, clients []*reader, times int, request func() []byte) {
	b.Helper()
	all := make(chan []byte)
	failed := make(chan error, len(clients))
	for _, c := range clients {
		go func() {
			var err error
			for r := range all { // after an error too, so that nobody waits
				if err == nil {
					_, err = c.ask(r)
				}
			}
			failed <- err
		}()
	}
	for range times {
		all <- request()
	}
	close(all)
	for range clients {
		check(b, <-failed)
	}
}

func tokenAt(b *testing.B, s server, badge string) string {
	b.Helper()
	var found struct{ Attestation string }
	_, body := get(b, s, "/v1/attestations/"+badge)
	check(b, json.Unmarshal([]byte(body), &found))
	return found.Attestation
}

func get(b *testing.B, s server, path string) (status int, body string) {
	b.Helper()
	resp, err := http.Get("http://" + s.addr + path)
	check(b, err)
	defer func() { _ = resp.Body.Close() }()
	all, err := io.ReadAll(resp.Body)
	check(b, err)
	return resp.StatusCode, string(all)
}

// within waits until something holds.
func within(b *testing.B, limit time.Duration, holds func() bool) {
	b.Helper()
	for end := time.Now().Add(limit); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("not within %v", limit)
		}
	}
}
