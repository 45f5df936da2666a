package badge

import (
	"strings"
	"testing"
)

func TestHandleIsShortened(t *testing.T) {
	t.Parallel()
	const room = 240
	p := newPress()
	set := item{size: 13, bold: true, handle: true}
	for name, c := range map[string]struct{ handle, begins, holds, ends string }{
		"fits":      {"@marie@social.example", "@marie@", "", "@social.example"},
		"long user": {"@" + strings.Repeat("marie", 20) + "9@a.example", "@marie", "…", "9@a.example"},
		"long host": {"@marie@culture.gouv.example." + strings.Repeat("aaaa", 30) + ".evil.example", "@marie@", "…", "evil.example"},
		"both":      {"@first" + strings.Repeat("x", 90) + "last@first" + strings.Repeat("y", 90) + ".evil.example", "@first", "last@", "evil.example"},
		"no host":   {"@" + strings.Repeat("marie", 20), "@marie", "…", ""},
		"nothing":   {"", "", "", ""},
	} {
		got := p.handle(set.saying(c.handle), room)
		if !strings.HasPrefix(got, c.begins) || !strings.Contains(got, c.holds) || !strings.HasSuffix(got, c.ends) {
			t.Errorf("%s: %q", name, got)
		}
		if !p.fits(set, got, room) {
			t.Errorf("%s: %q does not fit", name, got)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	p := newPress()
	set := item{size: 20}
	for _, c := range []struct {
		in    string
		lines int
		whole bool
	}{
		{"", 0, true},
		{"one", 1, true},
		{"some words that take two lines", 2, true},
		{strings.Repeat("words ", 40), 2, false},
		{strings.Repeat("x", 90), 1, false},
	} {
		lines, whole := p.wrap(set.saying(c.in), 200, 2)
		if len(lines) != c.lines || whole != c.whole {
			t.Errorf("%q: %q, whole %v", c.in, lines, whole)
		}
		if got := strings.Join(lines, " "); whole && got != c.in || !whole && !strings.HasSuffix(got, ellipsis) {
			t.Errorf("%q became %q", c.in, got)
		}
		for _, l := range lines {
			if !p.fits(set, l, 200) {
				t.Errorf("%q does not fit", l)
			}
		}
	}
}
