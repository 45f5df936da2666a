package acct

import (
	"strings"
	"testing"

	"cocarde.example/internal/fault"
)

func TestParseHandle(t *testing.T) {
	t.Parallel()
	user64 := strings.Repeat("u", 64)
	for in, want := range map[string]string{
		"@marie@social.example":              "@marie@social.example",
		"marie@social.example":               "@marie@social.example",
		"acct:marie@social.example":          "@marie@social.example",
		"ACCT:marie@Social.Example":          "@marie@social.example",
		" \t@Marie@social.example\r\n":       "@Marie@social.example",
		"_m_@social.example":                 "@_m_@social.example",
		"a.b-c_d9@social.example":            "@a.b-c_d9@social.example",
		"a..b@social.example":                "@a..b@social.example", // Mastodon's own expression takes it
		"@7@localhost:4000":                  "@7@localhost:4000",
		"marie@académie.fr":                  "@marie@xn--acadmie-eya.fr",
		"@" + user64 + "@social.example":     "@" + user64 + "@social.example",
		"acct:acct@social.example":           "@acct@social.example",
		"@maria@xn--hxakic4aa.gr":            "@maria@xn--hxakic4aa.gr",
		"@PolitiqueDeLaVille@social.gouv.fr": "@PolitiqueDeLaVille@social.gouv.fr",
	} {
		h, err := ParseHandle(in)
		if err != nil {
			t.Errorf("ParseHandle(%q): %v", in, err)
			continue
		}
		if h.String() != want || h.URI() != "acct:"+want[1:] || "@"+h.User()+"@"+h.Host().String() != want {
			t.Errorf("ParseHandle(%q) = %q, %q, %q at %q; want %q", in, h, h.URI(), h.User(), h.Host(), want)
		}
	}
}

func TestParseHandleRefuses(t *testing.T) {
	t.Parallel()
	for in, code := range map[string]string{
		"": "handle_malformed", "@": "handle_malformed", "@@": "handle_malformed", "marie": "handle_malformed",
		"@marie": "handle_malformed", "@marie@": "handle_malformed", "@@social.example": "handle_malformed",
		"marie@social": "handle_malformed", "acct:@marie@social.example": "handle_malformed",
		"acct:acct:marie@social.example": "handle_malformed", "@@marie@social.example": "handle_malformed",
		"a@gouv.fr@evil.org": "handle_malformed", "@a@gouv.fr@evil.org": "handle_malformed",
		"marie@social.example.": "handle_malformed", "marie.@social.example": "handle_malformed",
		".marie@social.example": "handle_malformed", "-marie@social.example": "handle_malformed",
		"ma rie@social.example": "handle_malformed", "marie @social.example": "handle_malformed",
		"marie@ social.example": "handle_malformed", "marie\x00@social.example": "handle_malformed",
		"marie\n@social.example": "handle_malformed", "mar%69e@social.example": "handle_malformed",
		"marie%40gouv.fr@evil.org": "handle_malformed", "marie@gouv.fr%2f@evil.org": "handle_malformed",
		"mar\u200bie@social.example": "handle_malformed", "\ufeffmarie@social.example": "handle_malformed",
		"marie\u202e@social.example": "handle_malformed", "\u00a0marie@social.example": "handle_malformed",
		"marie@127.0.0.1": "handle_malformed", "marie@[::1]": "handle_malformed",
		"marie@social.example:443": "handle_malformed", "https://social.example/@marie": "handle_malformed",
		"marie+tag@social.example": "handle_malformed", "\xff@social.example": "handle_malformed",
		"https://evil.org/@marie@social.example":      "handle_malformed",
		"marie＠social.example":                        "handle_malformed",
		strings.Repeat("u", 65) + "@social.example":   "handle_malformed",
		strings.Repeat(" ", 400) + "m@social.example": "handle_malformed",
		"m@" + strings.Repeat("a.", 200) + "example":  "handle_malformed",
		"mаrie@social.example":                        "handle_confusable", // Cyrillic а
		"mariе@social.example":                        "handle_confusable",
		"ｍarie@social.example":                        "handle_confusable",
		"élise@social.example":                        "handle_confusable",
		"marie@gоuv.fr":                               "handle_confusable",
		"marie@соса.com":                              "handle_confusable",
		"marie@xn--80ak6aa92e.com":                    "handle_confusable",
		"marie@xn--gouv-abc.fr":                       "handle_malformed",
	} {
		h, err := ParseHandle(in)
		if got := fault.Code(err); err == nil || got != code {
			t.Errorf("ParseHandle(%q) = %q, %v; want %s", in, h, err, code)
		}
		if h != (Handle{}) {
			t.Errorf("ParseHandle(%q) refuses and yet gives %q", in, h)
		}
	}
}

func TestHandleEqual(t *testing.T) {
	t.Parallel()
	parse := func(s string) Handle {
		h, err := ParseHandle(s)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	a, b := parse("@Marie@Social.Example"), parse("acct:mARIE@social.example")
	if !a.Equal(b) || a.Key() != "marie@social.example" || a == b {
		t.Errorf("%q and %q: keys %q, %q", a, b, a.Key(), b.Key())
	}
	if a.Equal(parse("marie@other.example")) || a.Equal(Handle{}) {
		t.Error("unequal handles are equal")
	}
	if z := (Handle{}); z.String() != "" || z.URI() != "" || z.Key() != "" {
		t.Error("the zero Handle is not empty")
	}
}

func FuzzParseHandle(f *testing.F) {
	for _, s := range []string{"@marie@social.example", "acct:Marie@localhost:80", "a@gouv.fr@evil.org", "mаrie@social.example", " a.b@académie.fr\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseHandle(s)
		if err != nil {
			requireFault(t, err, "handle_", s)
			return
		}
		if len(h.String()) > maxHandleInput || strings.Count(h.String(), "@") != 2 || strings.ContainsAny(h.String(), " %/\\<>\"'") {
			t.Errorf("ParseHandle(%q) = %q", s, h)
		}
		for _, spelling := range []string{h.String(), h.URI(), h.String()[1:]} {
			if again, err := ParseHandle(spelling); err != nil || again != h {
				t.Errorf("ParseHandle(%q) = %q, but ParseHandle(%q) = %q, %v", s, h, spelling, again, err)
			}
		}
		if again, err := ParseHandle(h.Key()); err != nil || !again.Equal(h) {
			t.Errorf("ParseHandle(%q): the key %q reads %q, %v", s, h.Key(), again, err)
		}
	})
}
