package acct

import (
	"strings"
	"testing"

	"cocarde.example/internal/fault"
)

func TestParseHost(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 63)
	for in, want := range map[string]string{
		"gouv.fr":                "gouv.fr",
		"Social.Example.ORG":     "social.example.org",
		"3w.example":             "3w.example",
		"x-y.example":            "x-y.example",
		"1and1.1x":               "1and1.1x",
		"localhost":              "localhost",
		"localhost:8080":         "localhost:8080",
		"Social.LOCALHOST:65535": "social.localhost:65535",
		"académie.fr":            "xn--acadmie-eya.fr",
		"ACADÉMIE.fr":            "xn--acadmie-eya.fr",
		"XN--ACADMIE-EYA.fr":     "xn--acadmie-eya.fr",
		"faß.de":                 "xn--fa-hia.de",
		"łódź.pl":                "xn--d-uga0v4h.pl",
		"ışık.com.tr":            "xn--k-ekaa7p.com.tr",
		"ɔkwɛ.gh":                "xn--kw-efb4a.gh", "tiếng-việt.vn": "xn--ting-vit-e50d7c.vn",
		"ελλάδα.gr":                    "xn--hxakic4aa.gr",
		"москва.рф":                    "xn--80adxhks.xn--p1ai",
		"россия.рус":                   "xn--h1alffa9f.xn--p1acf", // рус alone looks Latin, россия does not
		"موقع.وزارة-الاتصالات.مصر":     "xn--4gbrim.xn----ymcbaaajlc6dj7bxne2c.xn--wgbh1c",
		"日本語.jp":                       "xn--wgv71a119e.jp",
		"お名前カタカナー.jp":                  "xn--t8jyka3fqc2rq27rn6c.jp",
		"한국.kr":                        "xn--3e0b707e.kr",
		"भारत.भारत":                    "xn--h2brj9c.xn--h2brj9c", // vowel signs are marks
		long + "." + long + ".example": long + "." + long + ".example",
	} {
		h, err := ParseHost(in)
		if err != nil {
			t.Errorf("ParseHost(%q): %v", in, err)
			continue
		}
		if h.String() != want {
			t.Errorf("ParseHost(%q) = %q, want %q", in, h, want)
		}
		if again, err := ParseHost(h.Unicode()); err != nil || again != h {
			t.Errorf("ParseHost(%q) shows %q, which reads %q, %v", in, h.Unicode(), again, err)
		}
	}
}

func TestParseHostRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 63)
	for in, code := range map[string]string{
		"": "host_malformed", ".": "host_malformed", "a..fr": "host_malformed",
		".gouv.fr": "host_malformed", "gouv.fr.": "host_malformed", "com": "host_malformed",
		"localhost.": "host_malformed", "a_b.fr": "host_malformed", "a b.fr": "host_malformed",
		" gouv.fr": "host_malformed", "gouv.fr\n": "host_malformed", "gouv.fr\x00.evil.org": "host_malformed",
		"a/b.fr": "host_malformed", "a%2efr.org": "host_malformed", "gouv.fr@evil.org": "host_malformed",
		"gouv.fr#evil.org": "host_malformed", "https://gouv.fr": "host_malformed", "gouv.fr?x": "host_malformed",
		"-a.fr": "host_malformed", "a-.fr": "host_malformed", "ab--c.fr": "host_malformed",
		"*.gouv.fr": "host_malformed", "\xff.fr": "host_malformed",

		"gouv.fr:443": "host_malformed", "gouv.fr:": "host_malformed", "localhost:": "host_malformed",
		"localhost:0": "host_malformed", "localhost:080": "host_malformed", "localhost:65536": "host_malformed",
		"localhost:+80": "host_malformed", "localhost:80:80": "host_malformed", "xlocalhost:80": "host_malformed",
		"localhost.evil.org:80": "host_malformed",

		"127.0.0.1": "host_malformed", "127.1": "host_malformed", "2130706433": "host_malformed",
		"0177.0.0.01": "host_malformed", "0x7f.0x0.0x0.0x1": "host_malformed", "0x7f000001": "host_malformed",
		"a.0x": "host_malformed", "x.1": "host_malformed", "[::1]": "host_malformed", "::1": "host_malformed",
		"[127.0.0.1]": "host_malformed", "１２７.0.0.1": "host_malformed",

		long + "a.fr": "host_malformed", strings.Repeat(long+".", 4) + "fr": "host_malformed",
		strings.Repeat("a.", 500) + "fr": "host_malformed",

		"xn--a.fr": "host_malformed", "xn--gouv-.fr": "host_malformed", "xn--gouv-abc.fr": "host_malformed",
		"xn--.fr": "host_malformed", "a.xn--": "host_malformed",
		"xn--acadmie-eya-.fr": "host_malformed", "xn--xn--a-ecp.fr": "host_malformed",

		"ｇｏｕｖ.fr": "host_malformed", "ｇouv.fr": "host_malformed", "gouv。fr": "host_malformed",
		"gouv．fr": "host_malformed", "𝐠ouv.fr": "host_malformed", "\u212Aelvin.fr": "host_malformed",
		"ﬁnances.gouv.fr": "host_malformed", "İnsee.fr": "host_malformed", "acade\u0301mie.fr": "host_malformed",
		"gou\u200bv.fr": "host_malformed", "gou\u200cv.fr": "host_malformed", "gou\u200dv.fr": "host_malformed",
		"gou\u00adv.fr": "host_malformed", "gouv\u202e.fr": "host_malformed", "gouv\ufe0f.fr": "host_malformed",
		"क्\u200dष.fr": "host_malformed", "☃.net": "host_malformed", "i❤.ws": "host_malformed",
		"l·l.cat": "host_malformed", "३.भारत": "host_malformed", "gouv⁄fr.org": "host_malformed",
		"ʻokina.org": "host_malformed", "ⅼaposte.fr": "host_malformed",

		"соса.com": "host_confusable", "xn--80a1aib.com": "host_confusable", "сос-42.com": "host_confusable",
		"xn--80ak6aa92e.com": "host_confusable", // аррӏе
		"соса.рус":           "host_confusable", "соса.académie.fr": "host_confusable",
		"ορα.gr": "host_confusable", "ՕՕՕ.am": "host_confusable", "οοο.fr": "host_confusable",
		"gоuv.fr": "host_confusable", "gouv.fг": "host_confusable", "cυlture.gouv.fr": "host_confusable",
		"culture日.fr": "host_confusable", "frノevil.org": "host_confusable", "αд.fr": "host_confusable",
		"fınances.gouv.fr": "host_confusable", "ɡouv.fr": "host_confusable", "ᴄulture.gouv.fr": "host_confusable",
		"gọ\u0331uv.fr": "host_confusable", "i̇nsee.fr": "host_confusable",
		"gouvǃ.fr": "host_confusable", "gouvꞏx.fr": "host_confusable", "gꭐuv.fr": "host_confusable", "сꙇса.com": "host_confusable",
		"ᏟᎾ.com": "host_malformed", // Cherokee: a script of the past decades' spoofs, not on the list
	} {
		h, err := ParseHost(in)
		if got := fault.Code(err); err == nil || got != code {
			t.Errorf("ParseHost(%q) = %q, %v; want %s", in, h, err, code)
		}
		if h != (Host{}) {
			t.Errorf("ParseHost(%q) refuses and yet gives %q", in, h)
		}
	}
}

func TestHostLoopback(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"localhost": true, "localhost:80": true, "a.b.localhost:80": true,
		"localhost.example": false, "notlocalhost.org": false, "gouv.fr": false,
	} {
		h, err := ParseHost(in)
		if err != nil {
			t.Fatal(err)
		}
		if h.Loopback() != want {
			t.Errorf("%q: Loopback() = %v", in, !want)
		}
	}
	if (Host{}).Loopback() || (Host{}).String() != "" || (Host{}).Unicode() != "" {
		t.Error("the zero Host is not empty")
	}
}

func FuzzParseHost(f *testing.F) {
	for _, s := range []string{"gouv.fr", "localhost:8080", "académie.fr", "XN--ACADMIE-EYA.fr", "соса.com", "россия.рус", "127.1", "भारत.भारत", "xn--gouv-.fr", "ﬁ.fr"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseHost(s)
		if err != nil {
			requireFault(t, err, "host_", s)
			return
		}
		name := h.String()
		for _, r := range name {
			if !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == ':' && h.Loopback()) {
				t.Errorf("ParseHost(%q) = %q has %q", s, name, r)
			}
		}
		if len(name) > 253 || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
			t.Errorf("ParseHost(%q) = %q", s, name)
		}
		for _, spelling := range []string{name, h.Unicode(), strings.ToUpper(name)} {
			if again, err := ParseHost(spelling); err != nil || again != h {
				t.Errorf("ParseHost(%q) = %q, but ParseHost(%q) = %q, %v", s, name, spelling, again, err)
			}
		}
	})
}

// requireFault holds every refusal to the codes that callers know.
func requireFault(t *testing.T, err error, prefix, input string) {
	t.Helper()
	if e, ok := fault.Of(err); !ok || e.Kind != fault.Invalid || !strings.HasPrefix(e.Code, prefix) {
		t.Errorf("%q: %v is not a fault of %s…", input, err, prefix)
	}
}
