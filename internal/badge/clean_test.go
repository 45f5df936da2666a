package badge

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                 "",
		"  Ministère\tde\r\n la  Mer ":     "Ministère de la Mer",
		"e\u0301cole":                      "école",
		"marie\u202egro.live":              "mariegro.live", // an override
		"\u2066a\u2069\u200e\u200fb\u061c": "ab",            // isolates, marks
		"a\x00\x1b[31mb\u0085c\u2028d":     "a[31mb c d",
		"bad\xff\xfeutf8":                  "badutf8",
		"\u200bzero\ufeffwidth\u00ad":      "zerowidth",
		"\u3164\u2800\u115f":               "", // letters that show nothing
		"z\u0337\u0338\u0335\u0336\u0334a": "z\u0337\u0338a",
		"\u0301\u0301lone":                 "lone",
		"می\u200cخواهم":                    "می\u200cخواهم", // Persian keeps its non-joiner
		"a\u200cb\u200c":                   "ab",
		"\ue000\U000f0000\U0010ffff":       "",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanBounds(t *testing.T) {
	t.Parallel()
	for _, s := range []string{strings.Repeat("é", 1<<20), strings.Repeat("\u202e", 1<<20) + "x", strings.Repeat("a ", 301)} {
		got := clean(s)
		if n := utf8.RuneCountInString(got); n > maxRunes || !utf8.ValidString(got) {
			t.Errorf("%d runes: %q", n, got)
		}
	}
	if got := clean(strings.Repeat("a", maxRunes)); strings.HasSuffix(got, ellipsis) {
		t.Error("what fits is cut")
	}
	if got := clean(strings.Repeat("a", maxRunes+1)); !strings.HasSuffix(got, ellipsis) {
		t.Error("a cut is not shown")
	}
}

func TestDrawable(t *testing.T) {
	t.Parallel()
	p := newPress()
	for in, want := range map[string]string{
		"Ministère":              "Ministère",
		"Ministère 文化 庁 (Kyoto)": "Ministère … (Kyoto)",
		"文化庁":                    "",
		"🎉 Fête 🎉":               "… Fête …",
		"Ἀθῆναι, Київ":           "Ἀθῆναι, Київ",
		"וזארת, وزارة, Հայաստան": "וזארת, وزارة, Հայաստան",
		"—": "",
	} {
		if got := p.drawable(in); got != want {
			t.Errorf("drawable(%q) = %q, want %q", in, got, want)
		}
	}
	c := sample()
	c.AgencyName = "文化庁"
	if first, second := c.cleaned().drawable().agency(); first != c.AgencyDomain || second != "" {
		t.Errorf("a name that cannot be drawn gives %q, %q", first, second)
	}
}
