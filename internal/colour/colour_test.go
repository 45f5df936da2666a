package colour

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestContrast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21}, {"#ffffff", "#ffffff", 1}, {"#767676", "#ffffff", 4.54}, {"#ff0000", "#ffffff", 4.0},
	} {
		a, errA := Parse(c.a)
		b, errB := Parse(c.b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := Contrast(a, b); math.Abs(got-c.want) > 0.01 {
			t.Errorf("%s on %s: %.3f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "#fff", "1f4e4a7", "#1f4e4g", "#+f4e4a", "#1f4e4a0", "red"} {
		if c, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %s", s, c)
		}
	}
}

// Whatever an issuer chooses, its links can be read on dark ground, and so can the
// text on its buttons.
func TestReadable(t *testing.T) {
	t.Parallel()
	ground := Colour{0x1c, 0x1e, 0x22}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.Uint8()
		c := Colour{part.Draw(t, "red"), part.Draw(t, "green"), part.Draw(t, "blue")}
		on := c.ReadableOn(ground)
		if Contrast(on, ground) < Text {
			t.Errorf("%s becomes %s", c, on)
		}
		if got := Contrast(on, on.Ink()); got < Text {
			t.Errorf("text on %s has contrast %.2f", on, got)
		}
	})
}
