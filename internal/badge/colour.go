package badge

import (
	"fmt"
	"strconv"
)

// Colour is an opaque sRGB colour.
type Colour struct{ R, G, B uint8 }

// Palette is the three colours of a rosette, from the rim to the heart. Neighbours
// should differ plainly in lightness.
type Palette struct{ Outer, Middle, Inner Colour }

// DefaultPalette belongs to no State: teal, cream and aubergine. Its rim stands out
// on white and on near-black alike.
var DefaultPalette = Palette{
	Outer:  Colour{0x14, 0x7d, 0x7a},
	Middle: Colour{0xfb, 0xf5, 0xe6},
	Inner:  Colour{0x54, 0x2c, 0x63},
}

// greyPalette is what a badge that is not in force wears.
var greyPalette = Palette{
	Outer:  Colour{0x75, 0x7c, 0x86},
	Middle: Colour{0xf1, 0xf2, 0xf4},
	Inner:  Colour{0x59, 0x60, 0x6a},
}

var (
	white  = Colour{0xff, 0xff, 0xff}
	black  = Colour{}
	ink    = Colour{0x1b, 0x1f, 0x24} // facts
	muted  = Colour{0x50, 0x58, 0x63} // the words around them
	border = Colour{0x80, 0x87, 0x91}
	tint   = Colour{0xf3, 0xf4, 0xf6} // the ground of a preview's foot
)

// ParseColour reads "#rrggbb".
func ParseColour(s string) (Colour, error) {
	if len(s) != 7 || s[0] != '#' {
		return Colour{}, fmt.Errorf("a colour is written #rrggbb")
	}
	v, err := strconv.ParseUint(s[1:], 16, 24)
	if err != nil {
		return Colour{}, fmt.Errorf("a colour is written #rrggbb: %w", err)
	}
	return Colour{uint8(v >> 16), uint8(v >> 8), uint8(v)}, nil
}

// String returns the colour as "#rrggbb".
func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// towards returns the colour that lies at share (0 to 1) of the way to o.
func (c Colour) towards(o Colour, share float64) Colour {
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*share + 0.5) }
	return Colour{mix(c.R, o.R), mix(c.G, o.G), mix(c.B, o.B)}
}

// colour returns what the status is written in; it reads on white.
func (s Status) colour() Colour {
	switch s {
	case Valid:
		return Colour{0x17, 0x68, 0x3a}
	case Suspended:
		return Colour{0x8a, 0x50, 0x00}
	case Revoked:
		return Colour{0xa3, 0x23, 0x1c}
	case Reserved, Pending:
		return Colour{0x2f, 0x5c, 0x8f}
	}
	return muted
}
