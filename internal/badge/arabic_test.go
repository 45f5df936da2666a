package badge

import (
	"slices"
	"testing"
)

func TestJoinArabic(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]rune{
		"بيت":        {0xFE91, 0xFEF4, 0xFE96},                   // initial, medial, final
		"دار":        {0xFEA9, 0xFE8D, 0xFEAD},                   // nothing joins what follows
		"سلام":       {0xFEB3, 0xFEFC, 0xFEE1},                   // lam and alef in one, after a letter
		"لا":         {0xFEFB},                                   // and alone
		"ماء":        {0xFEE3, 0xFE8E, 0xFE80},                   // hamza stands alone
		"ب ب":        {0xFE8F, ' ', 0xFE8F},                      // words do not join
		"می\u200cخو": {0xFEE3, 0xFBFD, '\u200c', 0xFEA7, 0xFEEE}, // a non-joiner keeps letters apart
		"بـ":         {0xFE91, 0x0640},
		"Büro 12":    []rune("Büro 12"),
	} {
		if got := joinArabic([]rune(in)); !slices.Equal(got, want) {
			t.Errorf("joinArabic(%q) = %x, want %x", in, got, want)
		}
	}
}

// TestEveryFormIsDrawn holds the table against the font, and shows that a joined letter
// is another glyph than the letter alone.
func TestEveryFormIsDrawn(t *testing.T) {
	t.Parallel()
	p := newPress()
	for base, f := range arabic {
		seen := map[any]bool{}
		for i := range f.count {
			r := f.first + rune(i)
			if !p.has(r) {
				t.Errorf("%c (%x): form %x is missing", base, base, r)
			}
			id, _ := regularFace().GlyphIndex(&p.buf, r)
			seen[id] = true
		}
		if f.count > 1 && len(seen) < 2 {
			t.Errorf("%c: one glyph for all its forms", base)
		}
	}
	joined, joinedWidth := p.set("بيت", false, false)
	apart, apartWidth := p.set("ب\u200cي\u200cت", false, false)
	if len(joined) != 3 || len(apart) != 3 || joinedWidth >= apartWidth {
		t.Errorf("joined %v (%v), apart %v (%v)", joined, joinedWidth, apart, apartWidth)
	}
	for i := range joined {
		if joined[i].id == apart[i].id {
			t.Errorf("glyph %d is the same joined and apart", i)
		}
	}
}
