package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"cocarde.example/attest"
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
		"/", "/agencies", "/agencies?q=culture", "/agencies?q=nothing+at+all", "/legal", "/docs", "/docs/schemas", "/problems/code_wrong", "/nowhere",
		"/oauth/callback/social.example?state=state-1&code=c", "/request/stop/stop-token", "/b/n0there00000",
	}
	for _, state := range []attest.BadgeState{attest.BadgeReserved, attest.BadgeValid, attest.BadgeSuspended, attest.BadgeRevoked, attest.BadgeEnded} {
		paths = append(paths, "/b/"+idOf(state))
	}
	for _, path := range paths {
		for _, lang := range []string{"en", "fr"} {
			_, text := s.do("GET", path, "Accept-Language: "+lang)
			if !strings.Contains(text, `<html lang="`+lang+`">`) {
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
	text = s.page(200, "GET", "/oauth/callback/social.example?state=state-1&code=c", nil)
	if strings.Contains(text, "hreflang") {
		t.Error("the switch would end the sign-in a second time")
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
