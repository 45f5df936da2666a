package bench

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cocarde.example/api"
	"cocarde.example/internal/front"
	"cocarde.example/verify"
)

const (
	// readers is how many connections ask at once; they are kept alive.
	readers = 8
	// readerTurn is how many requests each sends before floor and subject change
	// places.
	readerTurn = 100
)

// BenchmarkVerifyEndpoint measures POST /v1/verify for a token seen before, over
// real HTTP. x-floor is its rate as a multiple of that at which the same router
// and middleware write a stored report of equal size. The client does as little
// as it can, as its work would blur the ratio.
func BenchmarkVerifyEndpoint(b *testing.B) {
	verifier, token := seenToken(b)
	problems := api.NewProblems(slog.New(slog.DiscardHandler), nil, time.Now)
	subject := api.New(api.Config{Verifier: verifier, Problems: problems, Now: time.Now})
	ours := serveVerify(b, subject.Routes()...)
	call := fmt.Sprintf(`{"attestation":%q}`, token)
	report := firstReport(b, ours[0], call)
	floor := serveVerify(b, front.Post("/v1/verify", front.CORS(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		_, _ = w.Write(report)
	}))))
	var spent, bare time.Duration
	var ratios []float64
	request := verifyRequest(call)
	for b.Loop() {
		ourTime, floorTime := askInTurn(b, ours, request), askInTurn(b, floor, request)
		spent, bare = spent+ourTime, bare+floorTime
		ratios = append(ratios, floorTime.Seconds()/ourTime.Seconds())
	}
	done := float64(len(ratios)) * readers * readerTurn
	slices.Sort(ratios)
	b.ReportMetric(done/spent.Seconds(), "verified/s")
	b.ReportMetric(done/bare.Seconds(), "floor/s")
	b.ReportMetric(ratios[len(ratios)/2], "x-floor") // the median: a busy machine spoils single turns
}

// serveVerify serves routes behind the front on loopback, as serve does, and
// gives connections to it.
func serveVerify(b *testing.B, routes ...front.Route) []*reader {
	b.Helper()
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	server := httptest.NewUnstartedServer(front.New(front.Options{Log: log, Issuer: "http://127.0.0.1", Now: time.Now}, routes...))
	server.Config = front.Server(server.Config.Handler, log)
	server.Start()
	b.Cleanup(server.Close)
	return connect(b, server.Listener.Addr().String())
}

// connect opens every reader's connection.
func connect(b *testing.B, address string) []*reader {
	b.Helper()
	all := make([]*reader, readers)
	for i := range all {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		all[i] = &reader{conn: conn, in: bufio.NewReader(conn)}
	}
	return all
}

// reader is a client of one connection.
type reader struct {
	conn net.Conn
	in   *bufio.Reader
}

// ask sends a call and reads the answer's body into nothing; it gives its length.
func (r *reader) ask(request []byte) (int, error) {
	if _, err := r.conn.Write(request); err != nil {
		return 0, err
	}
	length := -1
	for first := true; ; first = false {
		line, err := r.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if first && string(line) != "HTTP/1.1 200 OK\r\n" {
			return 0, fmt.Errorf("answered %q", line)
		}
		if len(line) == 2 {
			break
		}
		if value, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			if _, err := fmt.Sscan(value, &length); err != nil {
				return 0, err
			}
		}
	}
	_, err := r.in.Discard(length)
	return length, err
}

func verifyRequest(call string) []byte {
	return fmt.Appendf(nil, "POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(call), call)
}

// askInTurn lets every connection ask a turn's times, and gives the time for all.
func askInTurn(b *testing.B, all []*reader, request []byte) time.Duration {
	b.Helper()
	var clients sync.WaitGroup
	start := time.Now()
	for _, r := range all {
		clients.Go(func() {
			for range readerTurn {
				if _, err := r.ask(request); err != nil {
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

// firstReport asks once, so that the token has been seen, and gives the report.
func firstReport(b *testing.B, r *reader, call string) []byte {
	b.Helper()
	answer, err := http.Post("http://"+r.conn.RemoteAddr().String()+"/v1/verify", "application/json", strings.NewReader(call))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	report, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	var read verify.Report
	if err := json.Unmarshal(report, &read); err != nil || !read.Valid {
		b.Fatalf("report: %v %s", err, report)
	}
	return report
}

// seenToken gives a verifier that trusts one issuer, and a good token of its own.
func seenToken(b *testing.B) (*verify.Verifier, string) {
	b.Helper()
	const issuer = "https://cocarde.example.gouv.fr"
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{
		Key: &key.PublicKey, KeyID: "key", Algorithm: verify.ES256, Use: "sig",
	}}})
	if err != nil {
		b.Fatal(err)
	}
	disclosure, err := verify.NewDisclosure([]byte("0123456789abcdef"), verify.ClaimEmail, "marie.dupont@culture.gouv.fr")
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	payload, err := verify.Claims{
		Issuer: issuer, Subject: "https://social.example/users/marie", Acct: "acct:marie@social.example",
		VCT: verify.VCT(issuer, verify.KindMailbox), IssuedAt: now.Unix(), NotBefore: now.Unix(),
		ExpiresAt:    now.Add(180 * 24 * time.Hour).Unix(),
		Agency:       verify.Agency{Domain: "culture.gouv.fr", Name: "Ministère de la Culture", Country: "FR"},
		AccountProof: verify.Proof{Method: "oauth", At: now.Unix()}, MailboxProof: verify.Proof{Method: "code", At: now.Unix()},
		StatusIndex: 417233, StatusURI: issuer + "/status/1", ID: "AAECAwQFBgcICQoLDA0ODw",
	}.Payload(disclosure)
	if err != nil {
		b.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "key"}},
		(&jose.SignerOptions{}).WithType(verify.TypeSDJWT))
	if err != nil {
		b.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		b.Fatal(err)
	}
	jws, err := signed.CompactSerialize()
	if err != nil {
		b.Fatal(err)
	}
	trusted, err := verify.NewIssuer(issuer, jwks)
	if err != nil {
		b.Fatal(err)
	}
	list, err := verify.NewStatusList(1 << 20)
	if err != nil {
		b.Fatal(err)
	}
	return verify.New(verify.Config{Source: oneIssuer{trusted, list}}), verify.Compose(jws)
}

// oneIssuer is a source with its issuer at hand and a list on which all is well.
type oneIssuer struct {
	issuer *verify.Issuer
	list   *verify.StatusList
}

// Issuer implements [verify.Source].
func (s oneIssuer) Issuer(_ context.Context, iss string) (*verify.Issuer, error) {
	if iss != "https://cocarde.example.gouv.fr" {
		return nil, verify.ErrIssuerUntrusted
	}
	return s.issuer, nil
}

// Refresh implements [verify.Source].
func (s oneIssuer) Refresh(ctx context.Context, iss string) (*verify.Issuer, error) {
	return s.Issuer(ctx, iss)
}

// StatusList implements [verify.Source].
func (s oneIssuer) StatusList(context.Context, string, string) (verify.StatusReader, error) {
	return fresh{s.list}, nil
}

type fresh struct{ *verify.StatusList }

// FreshUntil implements [verify.StatusReader].
func (fresh) FreshUntil() time.Time { return time.Time{} }
