package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	cocarde "cocarde.example"
	"cocarde.example/api"
	"cocarde.example/api/contracttest"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
	"cocarde.example/verify"
)

// site is the API behind the front, with the fakes that it stands on.
type site struct {
	*httptest.Server
	t        *testing.T
	client   *http.Client
	requests *oneRequest
	log      *logged
}

// logged collects the log, from many goroutines.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func open(t *testing.T, change ...func(*api.Config)) *site {
	t.Helper()
	s := &site{t: t, requests: &oneRequest{}, log: &logged{}}
	registry, err := agency.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	log := slog.New(slog.NewTextHandler(s.log, nil))
	problems := api.NewProblems(log, func(w http.ResponseWriter, _ *http.Request, status int, f *fault.Error) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<p>%s</p>", f.Code)
	}, clock)
	c := api.Config{
		Issuer: issuer, Requests: s.requests, Badges: oneBadge{}, Verifier: verify.New(verify.Config{Source: keyless{}, Now: clock}),
		Artefacts: published(), Agencies: registry, Health: health{}, Contract: cocarde.Contract, Problems: problems, Now: clock,
	}
	for _, f := range change {
		f(&c)
	}
	s.Server = httptest.NewServer(front.New(front.Options{Log: log, Issuer: issuer, Problem: problems.Front, Now: clock}, api.New(c).Routes()...))
	t.Cleanup(s.Close)
	s.client = contracttest.Client(t, s.Server.Client().Transport)
	return s
}

// do sends a request; headers are "Name: value".
func (s *site) do(method, path, body string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		if name, value, ok := strings.Cut(h, ": "); ok {
			r.Header.Set(name, value)
		}
	}
	answer, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer, string(text)
}

// want is do with the status that must come; it gives the answer's members.
func (s *site) want(status int, method, path, body string, headers ...string) map[string]any {
	s.t.Helper()
	answer, text := s.do(method, path, body, headers...)
	if answer.StatusCode != status {
		s.t.Fatalf("%s %s: got %d, want %d: %s", method, path, answer.StatusCode, status, text)
	}
	members := map[string]any{}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			s.t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
	return members
}

func (s *site) wantProblem(status int, code, method, path, body string, headers ...string) map[string]any {
	s.t.Helper()
	p := s.want(status, method, path, body, headers...)
	if p["code"] != code || p["type"] != "/problems/"+code || p["status"] != float64(status) || p["request_id"] == nil {
		s.t.Errorf("%s %s: got %v, want code %s", method, path, p, code)
	}
	return p
}
