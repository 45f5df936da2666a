package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cocarde "cocarde.example"
	"cocarde.example/api"
	"cocarde.example/api/contracttest"
	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
	"cocarde.example/internal/web"
)

const (
	issuer  = "https://cocarde.example.gouv.fr"
	browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
)

var look = web.Look{
	Name: "Badges of the Republic", Colours: [3]string{"#1f4e4a", "#f6f1e4", "#8a4b1f"}, Contact: "mailto:badges@example.org", ContactText: "badges@example.org", Lang: "en",
	MailboxDays: 365,
	Legal: func(string) []web.Paragraph {
		return []web.Paragraph{{Heading: true, Text: "Who"}, {Text: "Everything is <b>ours</b>."}}
	},
}

// domain has one sign-in under way, from one browser, and one stop link.
type domain struct {
	got     attest.Callback
	stopped bool
}

func (d *domain) FinishSignIn(_ context.Context, c attest.Callback) (attest.SignedIn, error) {
	d.got = c
	if c.State != "state-1" {
		return attest.SignedIn{}, fault.New(fault.Invalid, "sign_in_unknown", "This sign-in was not begun here.")
	}
	if c.Error != "" {
		return attest.SignedIn{}, fault.New(fault.Forbidden, "sign_in_denied", "Your instance did not let the sign-in through.")
	}
	h, err := acct.ParseHandle("@marie@social.example")
	if err != nil {
		return attest.SignedIn{}, err
	}
	done := attest.SignedIn{
		View:   attest.View{Handle: h, Agency: attest.Agency{Domain: "culture.gouv.fr"}},
		Issuer: issuer,
	}
	if c.Browser != "browser-secret" {
		done.Code = "7k3m9q2x"
	}
	return done, nil
}

func (d *domain) StopMail(_ context.Context, token string) error {
	if token != "stop-token" {
		return fault.New(fault.NotFound, "stop_link_unknown", "This link does not stop any mail.")
	}
	d.stopped = true
	return nil
}

type site struct {
	*httptest.Server
	t       *testing.T
	client  *http.Client
	domain  *domain
	shelf   *shelf
	painter *painter
	clock   atomic.Int64 // added to the time, in nanoseconds
}

func open(t *testing.T) *site {
	t.Helper()
	pages, err := web.NewPages(cocarde.Contract, look)
	if err != nil {
		t.Fatal(err)
	}
	registry, err := agency.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	problems := api.NewProblems(log, pages.ErrorPage, time.Now)
	s := &site{t: t, domain: &domain{}, shelf: &shelf{}, painter: &painter{}}
	now := func() time.Time { return day.Add(time.Duration(s.clock.Load())) }
	s.Server = httptest.NewServer(front.New(
		front.Options{Log: log, Issuer: issuer, Problem: problems.Front, Now: time.Now},
		web.New(web.Config{
			Issuer: issuer, Requests: s.domain, Badges: s.shelf, Agencies: registry, Painter: s.painter, Sealer: newSealer(t),
			Pages: pages, Refuse: problems.Write, Now: now,
		}).Routes()...,
	))
	t.Cleanup(s.Close)
	s.client = contracttest.Client(t, s.Server.Client().Transport)
	return s
}

// do sends a request as a browser does; headers are "Name: value".
func (s *site) do(method, path string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, h := range append([]string{browser}, headers...) {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
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

// page is do with the status and the texts that must come.
func (s *site) page(status int, method, path string, headers []string, texts ...string) string {
	s.t.Helper()
	answer, text := s.do(method, path, headers...)
	if answer.StatusCode != status {
		s.t.Fatalf("%s %s: got %d: %s", method, path, answer.StatusCode, text)
	}
	checkPage(s.t, answer, text)
	for _, want := range texts {
		if !strings.Contains(text, want) {
			s.t.Errorf("%s %s lacks %q:\n%s", method, path, want, text)
		}
	}
	return text
}

var elsewhere = regexp.MustCompile(`(?i)(src|href|action)="(https?:)?//|<script|<style|\son\w+=|\sstyle=`)

// checkPage holds for every page: nothing from elsewhere, nothing inline, and a
// language that its headers name.
func checkPage(t *testing.T, answer *http.Response, text string) {
	t.Helper()
	h := answer.Header
	csp := "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	if h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("Content-Security-Policy") != csp ||
		h.Get("Cache-Control") != "no-store" || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Accept-Language") {
		t.Errorf("headers: %v", h)
	}
	if lang := h.Get("Content-Language"); !strings.Contains(text, `<html lang="`+lang+`" dir="ltr">`) {
		t.Errorf("the page is not in %q", lang)
	}
	if found := elsewhere.FindString(text); found != "" {
		t.Errorf("the page has %q", found)
	}
	if strings.Count(text, "<h1") != 1 || strings.Count(text, "<main ") != 1 || !strings.Contains(text, "<title>") {
		t.Error("the page has not one h1, one main and a title")
	}
}

func TestCallback(t *testing.T) {
	t.Parallel()
	s := open(t)
	const path = "/oauth/callback/social.example?state=state-1&code=c%20d"
	done := s.page(200, "GET", path, []string{"Cookie: __Host-cocarde-request=browser-secret"},
		"Your account is proven", "@marie@social.example")
	if strings.Contains(done, "<output") {
		t.Error("a completed sign-in shows a code")
	}
	want := attest.Callback{Instance: "social.example", State: "state-1", Code: "c d", Browser: "browser-secret"}
	if s.domain.got != want {
		t.Errorf("handed on: %+v", s.domain.got)
	}
	s.page(200, "GET", path, nil, "One step is left", "@marie@social.example", "culture.gouv.fr", issuer,
		`<output id="code">7k3m9q2x</output>`, "Give this code to nobody who sent you the link.")
	s.page(200, "GET", path, []string{"Accept-Language: fr-CA,fr;q=0.9"}, "Ne donnez ce code à personne")
	s.page(403, "GET", "/oauth/callback/social.example?state=state-1&error=access_denied", nil, "sign_in_denied", "Sign in denied", `<a class="button" href="/request">Back to your request</a>`)
	s.page(400, "GET", "/oauth/callback/social.example?state=other&code=c", []string{"Accept-Language: fr"},
		"sign_in_unknown", "Cette connexion", `lang="fr"`)
}

func TestCallbackRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, query := range []string{
		"", "?code=c", "?state=&code=c", "?state=state-1&state=state-1&code=c", "?state=state-1&code=c&code=d",
		"?state=state-1&error=a&error=b", "?state=" + strings.Repeat("s", 2049), "?state=state-1&code=" + strings.Repeat("c", 2049),
	} {
		s.page(400, "GET", "/oauth/callback/social.example"+query, nil, "callback_malformed")
	}
	if s.domain.got != (attest.Callback{}) {
		t.Errorf("handed on: %+v", s.domain.got)
	}
	// Two cookies of the name are none: somebody planted one.
	s.page(200, "GET", "/oauth/callback/social.example?state=state-1&code=c",
		[]string{"Cookie: __Host-cocarde-request=browser-secret; __Host-cocarde-request=x"}, "One step is left")
}

func TestStop(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.page(200, "GET", "/request/stop/stop-token", nil, "Stop these mails?", `<form method="post"><button>`)
	if s.domain.stopped {
		t.Fatal("looking stops the mails")
	}
	s.page(403, "POST", "/request/stop/stop-token", []string{"Sec-Fetch-Site: cross-site"}, "cross_origin")
	s.page(403, "POST", "/request/stop/stop-token", []string{"Origin: https://evil.example"}, "cross_origin")
	if answer, _ := s.do("GET", "/request/stop/stop-token"); answer.Header.Get("Referrer-Policy") != "same-origin" {
		t.Error("the button's origin stays unknown")
	}
	if s.domain.stopped {
		t.Fatal("another site stops the mails")
	}
	s.page(404, "POST", "/request/stop/other", nil, "stop_link_unknown")
	for _, lang := range []string{"", "?lang=fr"} {
		answer, _ := s.do("POST", "/request/stop/stop-token"+lang, "Sec-Fetch-Site: same-origin")
		if to := answer.Header.Get("Location"); answer.StatusCode != 303 || !strings.HasPrefix(to, "/request/stop/stop-token?done=yes") {
			t.Fatalf("%d, leads to %s", answer.StatusCode, to)
		}
	}
	s.page(200, "GET", "/request/stop/stop-token?done=yes", nil, "No more codes will come", `<a href="/request/stop/stop-token?done=yes&amp;lang=fr" lang="fr"`)
	if !s.domain.stopped {
		t.Error("the button does nothing")
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.page(200, "GET", "/problems/handle_malformed", nil, "<code>handle_malformed</code>", "This is not a handle.")
	s.page(200, "GET", "/problems/handle_malformed", []string{"Accept-Language: fr"}, "Ceci n’est pas un identifiant.")
	s.page(404, "GET", "/problems/nonsense", nil, "not_found")
	s.page(404, "GET", "/nowhere/%3Cscript%3E", nil, "not_found")
	for lang, words := range map[string]string{"en": "Go back to the page before", "fr": "Revenez à la page précédente"} {
		if text := s.page(405, "DELETE", "/docs", []string{"Accept-Language: " + lang}, "method_not_allowed", words); strings.Contains(text, "Allow") || strings.Contains(text, `href="/request">Back`) {
			t.Errorf("the page is not for people: %s", text)
		}
	}
	answer, text := s.do("GET", "/problems/nonsense", "Accept: application/json")
	if answer.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a program gets %s: %s", answer.Header.Get("Content-Type"), text)
	}
}

func TestStyle(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, text := s.do("GET", "/docs")
	path := regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)">`).FindStringSubmatch(text)
	if path == nil {
		t.Fatal("no style sheet")
	}
	for _, method := range []string{"GET", "HEAD"} {
		answer, css := s.do(method, path[1])
		if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/css; charset=utf-8" ||
			answer.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || answer.ContentLength <= 0 {
			t.Errorf("%s: %d %v", method, answer.StatusCode, answer.Header)
		}
		if method == "GET" && (!strings.Contains(css, "prefers-color-scheme: dark") || strings.Contains(css, "url(") || strings.Contains(css, "@import")) {
			t.Errorf("style sheet:\n%s", css)
		}
	}
	s.page(404, "GET", "/static/style.css", nil, "not_found")
	s.page(404, "GET", "/static/"+url.PathEscape("../web.go"), nil, "not_found")
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	s := open(t)
	for header, want := range map[string]string{
		"": "en", "fr": "fr", "fr-BE": "fr", "de, fr;q=0.5": "fr", "de": "en", "en, fr;q=0.9": "en", "fr;q=0, en": "en",
		"*": "en", ";;;": "en", strings.Repeat("fr,", 200): "en",
	} {
		answer, _ := s.do("GET", "/docs", "Accept-Language: "+header)
		if got := answer.Header.Get("Content-Language"); got != want {
			t.Errorf("%.20q: got %s, want %s", header, got, want)
		}
	}
}

// TestTheIssuersLanguage: it is for readers who ask for no language that there is,
// such as instances that preview a link.
func TestTheIssuersLanguage(t *testing.T) {
	t.Parallel()
	french := look
	french.Lang = "fr"
	pages, err := web.NewPages(cocarde.Contract, french)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, accept, want string }{
		{"/", "", "fr"}, {"/", "*", "fr"}, {"/", "de", "fr"}, {"/", "en", "en"}, {"/", "de, en;q=0.1", "en"}, {"/?lang=en", "", "en"},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set("Accept-Language", c.accept)
		w := httptest.NewRecorder()
		pages.ErrorPage(w, r, http.StatusNotFound, fault.New(fault.NotFound, "not_found", "There is nothing at this address."))
		if got := w.Header().Get("Content-Language"); got != c.want {
			t.Errorf("%s for %q is in %q, want %q", c.path, c.accept, got, c.want)
		}
	}
}
