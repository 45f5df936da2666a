package web_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/locale"
)

const (
	maxPage  = 50_000 // bytes
	maxStyle = 20_000
)

var (
	attribute = regexp.MustCompile(`\s(?:src|href|action|srcset|poster|data|formaction)="([^"]*)"`)
	meta      = regexp.MustCompile(`<meta [^>]*>`)
	idOnce    = regexp.MustCompile(`\sid="([^"]+)"`)
	forID     = regexp.MustCompile(`\s(?:for|aria-describedby|aria-labelledby)="([^"]+)"`)
	heading   = regexp.MustCompile(`<h([1-6])[ >]`)
)

// everyPage is one of each, in every language.
func everyPage(t *testing.T, s *site, visit func(path, text string)) {
	t.Helper()
	paths := []string{
		"/", "/agencies", "/agencies?q=culture", "/agencies?q=nothing+at+all", "/legal", "/docs", "/docs/requests", "/docs/fediverse", "/problems/code_wrong", "/nowhere",
		"/oauth/callback/social.example?state=state-1&code=c", "/request/stop/stop-token", "/b/n0there00000",
	}
	for _, state := range []attest.BadgeState{attest.BadgeReserved, attest.BadgeValid, attest.BadgeSuspended, attest.BadgeRevoked, attest.BadgeEnded} {
		paths = append(paths, "/b/"+idOf(state))
	}
	for _, path := range paths {
		for _, lang := range []string{"en", "fr"} {
			_, text := s.do("GET", path, "Accept-Language: "+lang)
			if !strings.Contains(text, `<html lang="`+lang+`" dir="ltr">`) {
				t.Fatalf("%s is not in %s:\n%s", path, lang, text)
			}
			visit(path+" "+lang, text)
		}
	}
}

// TestPagesAreSmallAndOurOwn: nothing that a browser would fetch or send comes from
// or goes elsewhere; only links may lead there.
func TestPagesAreSmallAndOurOwn(t *testing.T) {
	t.Parallel()
	s := open(t)
	everyPage(t, s, func(path, text string) {
		if len(text) > maxPage {
			t.Errorf("%s has %d bytes", path, len(text))
		}
		for _, forbidden := range []string{"<script", "<style", " style=", "<iframe", " onclick", "<base", "http-equiv"} {
			if strings.Contains(text, forbidden) {
				t.Errorf("%s has %q", path, forbidden)
			}
		}
		for _, tag := range regexp.MustCompile(`<(?:img|link|form|source|object|input|button)\s[^>]*>`).FindAllString(text, -1) {
			if strings.Contains(tag, `rel="me"`) || strings.Contains(tag, `rel="canonical"`) {
				continue
			}
			for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
				if !strings.HasPrefix(m[1], "/") || strings.HasPrefix(m[1], "//") {
					t.Errorf("%s fetches %s", path, tag)
				}
			}
		}
		for _, m := range meta.FindAllString(text, -1) {
			if strings.Contains(m, "http") && !strings.Contains(m, issuer) {
				t.Errorf("%s has %s", path, m)
			}
		}
	})
}

// TestPagesHaveAnOrder: landmarks, headings, names and ids, as assistive programs
// want them.
func TestPagesHaveAnOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	everyPage(t, s, func(path, text string) {
		for _, once := range []string{"<main ", "<h1", "<title>", `<header class="top">`, "<footer>", `class="skip" href="#content"`, `id="content"`} {
			if strings.Count(text, once) != 1 {
				t.Errorf("%s has %d times %s", path, strings.Count(text, once), once)
			}
		}
		before := "1"
		for _, m := range heading.FindAllStringSubmatch(text, -1) {
			if m[1] > before && m[1][0] != before[0]+1 {
				t.Errorf("%s: h%s follows h%s", path, m[1], before)
			}
			before = m[1]
		}
		ids := map[string]bool{}
		for _, m := range idOnce.FindAllStringSubmatch(text, -1) {
			if ids[m[1]] {
				t.Errorf("%s: id %s stands twice", path, m[1])
			}
			ids[m[1]] = true
		}
		for _, m := range forID.FindAllStringSubmatch(text, -1) {
			for id := range strings.FieldsSeq(m[1]) {
				if !ids[id] {
					t.Errorf("%s: nothing has the id %s", path, id)
				}
			}
		}
		for _, img := range regexp.MustCompile(`<img [^>]*>`).FindAllString(text, -1) {
			if !strings.Contains(img, " alt=") {
				t.Errorf("%s: %s", path, img)
			}
		}
	})
}

// TestLanguageIsKept: whoever chose a language keeps it in links, forms and the
// switch; whoever did not has clean addresses.
func TestLanguageIsKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	text := s.page(200, "GET", "/agencies?q=culture&lang=fr", []string{"Accept-Language: en"},
		`href="/agencies?lang=fr"`, `<input type="hidden" name="lang" value="fr">`, `href="/?lang=fr"`,
		`<a href="/agencies?lang=en&amp;q=culture" lang="en" hreflang="en">English</a>`)
	if strings.Contains(text, `href="/legal"`) {
		t.Error("a link forgets the language")
	}
	if text := s.page(200, "GET", "/agencies?lang=xx", nil, `href="/legal"`); strings.Contains(text, "lang=xx") {
		t.Error("a language that there is not is kept")
	}
}

// inSwitch is a link to read the page in another language.
var inSwitch = regexp.MustCompile(`<a href="([^"]*)" lang="(\w+)" hreflang="\w+"`)

// TestEveryPageCanBeReadInAnotherLanguage: where a form was sent too, and nothing of
// what was sent stands in the link.
func TestEveryPageCanBeReadInAnotherLanguage(t *testing.T) {
	t.Parallel()
	s := open(t)
	everyPage(t, s, func(path, text string) {
		if n := len(inSwitch.FindAllString(text, -1)); n != len(locale.Languages()) {
			t.Errorf("%s offers %d languages", path, n)
		}
	})
	v := visit(t, "en", reportOf(""))
	v.answerAll("oauth", "yes")
	v.post("/request/new/summary").to(here)
	v.request.view.State = attest.AwaitingMailboxProof
	v.request.view.Code = &attest.CodeView{TriesLeft: 4, ExpiresAt: whenAsked.Add(time.Minute)}
	v.answerAll("oauth", "yes")
	v.request.fails = fault.New(fault.Forbidden, "code_wrong", "This is not the code.").At("/code")
	for _, c := range []struct {
		path, field, typed, to string
		status                 int
	}{
		{"/request/new/mailbox", "email", "marie@gmail.com", "/request/new/mailbox", 422},
		{"/request/new/mailbox?lang=en", "email", "marie@gmail.com", "/request/new/mailbox", 422},
		{"/request/new/summary", "instead", requestID, "/request/new/summary", 422},
		{"/request/new/account", "handle", strings.Repeat("x", 9000), "/request/new/account", 413},
		{here + "/mailbox-proof", "code", "11112222", here, 422},
		{"/request/000000000000/mailbox-proof", "code", "11112222", "/request/000000000000", 403},
		{"/verify", "what", "nothing", "/verify", 422},
		{"/verify", "what", disclosed, "/verify", 200},
	} {
		page := v.post(c.path, c.field, c.typed).is(c.status, `<a href="`+c.to+`?lang=fr" lang="fr"`)
		for _, m := range inSwitch.FindAllStringSubmatch(page.text, -1) {
			v.lang = m[2]
			if got := v.get(m[1]); got.status >= 400 && got.status != 403 {
				t.Errorf("%s: %s answers %d", c.path, m[1], got.status)
			}
		}
		v.lang = "en"
	}
}

// TestTheSwitchStaysHere: a path that begins as another host's address would, and a
// query that nobody needs, do not come back in links.
func TestTheSwitchStaysHere(t *testing.T) {
	t.Parallel()
	v := visit(t, "en", reportOf(""))
	for path, to := range map[string]string{
		"//evil.example/login": "/evil.example/login?lang=fr",
		"///evil.example":      "/evil.example?lang=fr",
		"/%5Cevil.example":     "/%5Cevil.example?lang=fr",
		"/verify?q=a%22b":      "/verify?lang=fr&amp;q=a%22b",
	} {
		text := v.get(path).text
		if found := inSwitch.FindAllStringSubmatch(text, -1); len(found) != len(locale.Languages()) {
			t.Errorf("%s: the switch has %q", path, found)
		} else if !strings.Contains(text, `<a href="`+to+`"`) {
			t.Errorf("%s: the switch leads to %q, want %s", path, found, to)
		}
	}
	for _, name := range []string{"handle", "id", "q"} {
		if page := v.get("/verify?" + name + "=" + strings.Repeat("%22", 5000)); len(page.text) > maxPage {
			t.Errorf("%s: %d bytes", name, len(page.text))
		}
	}
}

// TestASignInsEndIsShownAgain: loading the page again, in another language or not,
// shows the code and asks nobody.
func TestASignInsEndIsShownAgain(t *testing.T) {
	t.Parallel()
	const callback = "/oauth/callback/social.example?state=state-1&code=c"
	for _, c := range []struct{ cookie, en, fr string }{
		{"x", `<output id="code">7k3m9q2x</output>`, `<output id="code">7k3m9q2x</output>`},
		{"browser-secret", "Your account is proven", "Votre compte est prouvé"},
	} {
		s := open(t)
		answer, text := s.do("GET", callback, "Cookie: __Host-cocarde-request="+c.cookie)
		kept := answer.Cookies()
		if len(kept) != 1 || kept[0].MaxAge != 600 || strings.Contains(kept[0].Value, "7k3m") || !strings.Contains(text, c.en) {
			t.Fatalf("%v: %s", kept, text)
		}
		s.domain.got = attest.Callback{}
		cookie := "Cookie: " + kept[0].Name + "=" + kept[0].Value
		s.page(200, "GET", callback, []string{cookie}, c.en)
		for _, m := range inSwitch.FindAllStringSubmatch(text, -1) {
			words := map[string]string{"en": c.en, "fr": c.fr}
			s.page(200, "GET", html.UnescapeString(m[1]), []string{cookie}, words[m[2]], `<html lang="`+m[2]+`"`)
		}
		if s.domain.got != (attest.Callback{}) {
			t.Errorf("the sign-in was ended again: %+v", s.domain.got)
		}
		s.page(400, "GET", "/oauth/callback/social.example?state=other", []string{cookie}, "sign_in_unknown")
		s.clock.Add(int64(10 * time.Minute))
		s.page(200, "GET", callback, []string{cookie}, "One step is left")
		if s.domain.got.State != "state-1" {
			t.Error("the kept page outlives its code")
		}
	}
}

func TestAgencies(t *testing.T) {
	t.Parallel()
	s := open(t)
	for search, want := range map[string]string{
		"culture": "Ministère de la Culture", "MINISTERE+DE+LA+CULTURE": "Ministère de la Culture", "culture.gouv.fr": "culture.gouv.fr",
		"marie.dupont%40culture.gouv.fr": "culture.gouv.fr", "x.unknown.gouv.fr": "<code>gouv.fr</code>", "zzzzzz": "Nothing matches",
		"%3Cscript%3E": "&lt;script&gt;", strings.Repeat("a", 101): "Domains found",
	} {
		s.page(200, "GET", "/agencies?q="+search, nil, want)
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.page(200, "GET", "/", nil, "Badges of the Republic", `src="/favicon.svg"`)
	s.page(200, "GET", "/legal", nil, "Everything is &lt;b&gt;ours&lt;/b&gt;.", "<h2>Who</h2>", `href="mailto:badges@example.org"`, ">badges@example.org<",
		"It is erased 365 days after the badge has ended.")
	s.page(404, "GET", "/logo.png", nil, "not_found")
	answer, svg := s.do("GET", "/favicon.svg")
	if answer.Header.Get("Content-Type") != "image/svg+xml" || answer.Header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || svg != "<svg>256</svg>" {
		t.Errorf("%v %s", answer.Header, svg)
	}
	_, page := s.do("GET", "/")
	style := regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)">`).FindStringSubmatch(page)
	answer, css := s.do("GET", style[1])
	if answer.StatusCode != http.StatusOK || len(css) > maxStyle || !strings.Contains(css, "--accent:#1f4e4a") {
		t.Errorf("%d, %d bytes: %.200s", answer.StatusCode, len(css), css)
	}
}
