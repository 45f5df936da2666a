package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/front"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/sandbox"
)

// BenchmarkBadgePage measures badge pages from the whole server, over real HTTP.
// x-floor is their rate as a multiple of that at which the same router and
// middleware serve a static file of equal size.
func BenchmarkBadgePage(b *testing.B) { benchmarkBadge(b, "", "badge.html") }

// BenchmarkBadgePreview measures the PNG that previews show, after the first.
func BenchmarkBadgePreview(b *testing.B) { benchmarkBadge(b, "/preview.png", "badge.png") }

func benchmarkBadge(b *testing.B, path, name string) {
	issuer := serveBadge(b)
	ours := connect(b, issuer.address)
	size, err := ours[0].ask(getRequest(issuer.badge + path)) // the first is drawn
	check(b, err)
	file := filepath.Join(b.TempDir(), name)
	check(b, os.WriteFile(file, make([]byte, size), 0o600))
	floor := serveVerify(b, front.Get("/b/{id}"+path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })))
	request := getRequest(issuer.badge + path)
	var spent, bare time.Duration
	var ratios []float64
	for b.Loop() {
		ourTime, floorTime := askInTurn(b, ours, request), askInTurn(b, floor, request)
		spent, bare = spent+ourTime, bare+floorTime
		ratios = append(ratios, floorTime.Seconds()/ourTime.Seconds())
	}
	done := float64(len(ratios)) * readers * readerTurn
	slices.Sort(ratios)
	b.ReportMetric(done/spent.Seconds(), "served/s")
	b.ReportMetric(done/bare.Seconds(), "floor/s")
	b.ReportMetric(ratios[len(ratios)/2], "x-floor")
}

func getRequest(path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n", path)
}

// issuer is one that runs in this process and has issued one badge.
type issuer struct {
	address, origin string
	dir             string // its data directory
	badge           string // its path
	stop            func()
}

// serveBadge runs an issuer in its sandbox, with further settings or none, and has
// it issue one badge.
func serveBadge(b *testing.B, settings ...string) issuer {
	b.Helper()
	world, err := sandbox.Start(b.Context(), sandbox.Options{})
	check(b, err)
	b.Cleanup(func() { check(b, world.Close()) })
	dir := b.TempDir()
	cfg, err := config.Load("", append([]string{
		"COCARDE_ADDR=127.0.0.1:0", "COCARDE_DATA_DIR=" + dir,
		"COCARDE_SMTP_URL=smtp://" + world.Mailbox.Addr(), "COCARDE_RESOLVER=" + world.Resolver.Addr(),
	}, settings...))
	check(b, err)
	server, err := app.New(b.Context(), app.Options{
		Config: cfg, Version: "bench", Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
		Outbound: safehttp.Policy{AllowLoopback: true},
	})
	check(b, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		check(b, <-ended)
	})
	b.Cleanup(stop)
	<-server.Ready()
	return issuer{server.Addr(), server.Origin(), dir, attestedByLink(b, server.Origin(), world), stop}
}

// attestedByLink goes the whole way, with the link in a profile.
func attestedByLink(b *testing.B, origin string, world *sandbox.Sandbox) (badge string) {
	b.Helper()
	const mailbox = "marie.dupont@culture.gouv.fr"
	marie := world.Accounts["marie"]
	var begun struct {
		ID, Token string
		BadgeURL  string `json:"badge_url"`
	}
	post := func(path, body string, into any) {
		b.Helper()
		r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, origin+path, strings.NewReader(body))
		check(b, err)
		r.Header.Set("Content-Type", "application/json")
		if begun.Token != "" {
			r.Header.Set("Authorization", "Bearer "+begun.Token)
		}
		resp, err := http.DefaultClient.Do(r)
		check(b, err)
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode/100 != 2 {
			b.Fatalf("%s: %d", path, resp.StatusCode)
		}
		check(b, json.NewDecoder(resp.Body).Decode(into))
	}
	post("/v1/requests", fmt.Sprintf(`{"handle":%q,"email":%q,"lang":"fr","account_proof":{"method":"link"}}`, marie.Handle(), mailbox), &begun)
	check(b, marie.SetFields(sandbox.Field{Name: "Badge", Value: begun.BadgeURL}))
	var ignored json.RawMessage
	post("/v1/requests/"+begun.ID+"/account-proof", "{}", &ignored)
	mail, err := world.Mailbox.Wait(b.Context(), mailbox, 1)
	check(b, err)
	post("/v1/requests/"+begun.ID+"/mailbox-proof", fmt.Sprintf(`{"code":%q}`, sandbox.Code(mail)), &ignored)
	post("/v1/requests/"+begun.ID+"/attestation", "", &ignored)
	return strings.TrimPrefix(begun.BadgeURL, origin)
}
