package front

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/headers.txt anew")

var testTime = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func testOptions(log io.Writer) Options {
	return Options{
		Log:            slog.New(slog.NewJSONHandler(log, nil)),
		Issuer:         "https://cocarde.example",
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
		Now:            func() time.Time { return testTime },
	}
}

// testRoutes are routes of every sort that the front treats differently.
func testRoutes() []Route {
	return []Route{
		{"GET", "/page", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a page")
		})},
		{"GET", "/empty", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})},
		{"GET", "/published", CORS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"v1"`)
			w.Header().Set("Cache-Control", "max-age=3600")
			if r.Header.Get("If-None-Match") == `"v1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			_, _ = io.WriteString(w, "published")
		}))},
		{"POST", "/both", CORS(http.HandlerFunc(echo))},
		{"PUT", "/both", http.HandlerFunc(echo)},
		{"POST", "/large", MaxBody(1<<20, http.HandlerFunc(echo))},
		{"GET", "/bad", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600")
			WriteProblem(w, r, newProblem(http.StatusBadRequest, "bad", "It is bad."))
		})},
		{"GET", "/panic/{secret}", CORS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"v1"`)
			w.Header().Set("Content-Length", "1000")
			panic(errors.New("cannot use " + r.PathValue("secret")))
		}))},
		{"GET", "/late-panic", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "begun")
			panic("late")
		})},
		{"GET", "/abort", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
		{"GET", "/key", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, ClientKey(r))
		})},
	}
}

func echo(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	_, _ = w.Write(b)
}

func newTestFront(t *testing.T, change ...func(*Options)) (http.Handler, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	o := testOptions(&log)
	for _, c := range change {
		c(&o)
	}
	return New(o, testRoutes()...), &log
}

func do(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var anyID = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

// Every answer's status, headers and body, as a reviewer reads them.
func TestHeaders(t *testing.T) {
	t.Parallel()
	h, _ := newTestFront(t)
	var got strings.Builder
	for _, c := range [][]string{
		{"GET", "/page"},
		{"GET", "/published"},
		{"GET", "/published", "If-None-Match", `"v1"`},
		{"GET", "/bad"},
		{"GET", "/none?token=secret"},
		{"POST", "/page"},
		{"DELETE", "/both"},
		{"GET", "/panic/secret"},
		{"OPTIONS", "/page"},
		{"OPTIONS", "/both", "Origin", "https://elsewhere.example", "Access-Control-Request-Method", "POST"},
		{"OPTIONS", "/none"},
	} {
		w := do(h, c[0], c[1], c[2:]...)
		got.WriteString("> " + strings.Join(c, " ") + "\n" + w.Result().Status + "\n")
		names := []string{}
		for name := range w.Header() {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			got.WriteString(name + ": " + strings.Join(w.Header()[name], " | ") + "\n")
		}
		got.WriteString("\n" + strings.TrimSpace(w.Body.String()) + "\n\n")
	}
	text := anyID.ReplaceAllString(got.String(), "<id>")
	const file = "testdata/headers.txt"
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Error(diff)
	}
}

func TestNoHSTSOnHTTP(t *testing.T) {
	t.Parallel()
	h, _ := newTestFront(t, func(o *Options) { o.Issuer = "http://127.0.0.1:8080" })
	if got := do(h, "GET", "/page").Header().Get("Strict-Transport-Security"); got != "" {
		t.Errorf("HSTS %q", got)
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	h, log := newTestFront(t)
	first := do(h, "GET", "/none", "X-Request-Id", "forged")
	id := first.Header().Get("X-Request-Id")
	var p Problem
	if err := json.Unmarshal(first.Body.Bytes(), &p); err != nil || p.Instance != id || !anyID.MatchString(id) {
		t.Errorf("id %q, instance %q, %v", id, p.Instance, err)
	}
	if !strings.Contains(log.String(), id) || strings.Contains(log.String(), "forged") {
		t.Errorf("log: %s", log)
	}
	if again := do(h, "GET", "/none").Header().Get("X-Request-Id"); again == id {
		t.Error("two requests of one id")
	}
}

func TestTheLogHoldsNothingOfStrangers(t *testing.T) {
	t.Parallel()
	h, log := newTestFront(t)
	do(h, "GET", "/panic/secret?q=secret", "X-Forwarded-For", "192.0.2.77", "Authorization", "Bearer secret")
	do(h, "GET", "/secret")
	do(h, "SECRET", "/page", "User-Agent", "secret")
	for _, forbidden := range []string{"secret?", "Bearer", "cannot use", "192.0.2", "SECRET", "\"/secret"} {
		if strings.Contains(log.String(), forbidden) {
			t.Errorf("the log holds %q: %s", forbidden, log)
		}
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	var routes, methods []string
	for _, line := range lines {
		var l struct{ Msg, Method, Route string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Msg == "request" {
			routes, methods = append(routes, l.Route), append(methods, l.Method)
		}
	}
	if diff := cmp.Diff([]string{"/panic/{secret}", "-", "-"}, routes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"GET", "GET", "other"}, methods); diff != "" {
		t.Error(diff)
	}
}

func TestHeadAnswersAsGet(t *testing.T) {
	t.Parallel()
	h, _ := newTestFront(t)
	s := httptest.NewServer(h)
	defer s.Close()
	get, err := s.Client().Get(s.URL + "/page")
	if err != nil {
		t.Fatal(err)
	}
	_ = get.Body.Close()
	head, err := s.Client().Head(s.URL + "/page")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(head.Body)
	_ = head.Body.Close()
	if head.StatusCode != 200 || len(body) != 0 || head.ContentLength != get.ContentLength {
		t.Errorf("status %d, %d bytes, length %d instead of %d", head.StatusCode, len(body), head.ContentLength, get.ContentLength)
	}
	if w := do(h, "HEAD", "/both"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("HEAD of what has no GET: %d", w.Code)
	}
}

func TestUncleanPathsDoNotRedirect(t *testing.T) {
	t.Parallel()
	h, _ := newTestFront(t)
	for _, target := range []string{"http://evil.example//page", "/x/../page", "/page/", "//evil.example/page"} {
		w := do(h, "GET", target)
		if w.Code != http.StatusNotFound || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d to %q", target, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestPanicsAfterTheAnswerBegan(t *testing.T) {
	t.Parallel()
	h, log := newTestFront(t)
	for _, path := range []string{"/late-panic", "/abort"} {
		func() {
			defer func() {
				if cause := recover(); cause != http.ErrAbortHandler {
					t.Errorf("%s: %v", path, cause)
				}
			}()
			do(h, "GET", path)
		}()
	}
	if n := strings.Count(log.String(), `"msg":"panic"`); n != 1 {
		t.Errorf("%d panics in the log, want 1: %s", n, log)
	}
	if w := do(h, "GET", "/page"); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

func TestOwnProblemWriter(t *testing.T) {
	t.Parallel()
	h, _ := newTestFront(t, func(o *Options) {
		o.Problem = func(w http.ResponseWriter, _ *http.Request, p Problem) {
			w.WriteHeader(p.Status)
			_, _ = io.WriteString(w, "page of "+p.Code)
		}
	})
	for target, want := range map[string]string{"/none": "page of not_found", "/both": "page of method_not_allowed", "/panic/x": "page of internal"} {
		if w := do(h, "GET", target); w.Body.String() != want || w.Header().Get("X-Content-Type-Options") == "" {
			t.Errorf("%s: %q, %v", target, w.Body, w.Header())
		}
	}
}
