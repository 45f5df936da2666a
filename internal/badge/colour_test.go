package badge

import (
	"math"
	"testing"
)

// contrast is the ratio of WCAG 2.2 between two colours.
func contrast(a, b Colour) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c Colour) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func TestContrast(t *testing.T) {
	t.Parallel()
	dark := Colour{0x16, 0x18, 0x1d} // a dark page
	atLeast := func(what string, a, b Colour, ratio float64) {
		if got := contrast(a, b); got < ratio {
			t.Errorf("%s: %.2f, want %.1f", what, got, ratio)
		}
	}
	p := DefaultPalette
	atLeast("outer and middle", p.Outer, p.Middle, 4.5)
	atLeast("middle and inner", p.Middle, p.Inner, 4.5)
	for name, p := range map[string]Palette{"default": DefaultPalette, "grey": greyPalette} {
		atLeast(name+" on white", p.Outer, white, 3)
		atLeast(name+" on dark", p.Outer, dark, 3)
		atLeast(name+" rings", p.Outer, p.Middle, 3)
	}
	atLeast("the card's rim on white", border, white, 3)
	atLeast("the card's rim on dark", border, dark, 3)
	for _, ground := range []Colour{white, tint} {
		atLeast("facts", ink, ground, 7)
		atLeast("words", muted, ground, 4.5)
	}
	for _, s := range statuses {
		atLeast(string(s), s.colour(), white, 4.5)
	}
}

func TestParseColour(t *testing.T) {
	t.Parallel()
	if c, err := ParseColour("#147D7a"); err != nil || c != DefaultPalette.Outer || c.String() != "#147d7a" {
		t.Error(c, err)
	}
	for _, bad := range []string{"", "#fff", "147d7aa", "#147d7g", "#-47d7a", "#147d7a ", "red"} {
		if c, err := ParseColour(bad); err == nil {
			t.Errorf("%q is read as %v", bad, c)
		}
	}
}
