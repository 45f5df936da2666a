// Package colour knows how well colours can be told apart (WCAG 2.2). It is a leaf.
package colour

import (
	"fmt"
	"math"
	"strconv"
)

// The contrasts that people need.
const (
	Text    = 4.5 // of text with its ground (1.4.3)
	Graphic = 3.0 // of what must be told apart in a picture (1.4.11)
)

// Colour is one of sRGB.
type Colour [3]uint8

// White is white.
var White = Colour{255, 255, 255}

// ink is the darkest that text is.
var ink = Colour{0x11, 0x12, 0x14}

// Parse reads a colour written as #rrggbb.
func Parse(s string) (Colour, error) {
	if len(s) != 7 || s[0] != '#' {
		return Colour{}, fmt.Errorf("%q is not a colour; write it like #147d7a", s)
	}
	n, err := strconv.ParseUint(s[1:], 16, 24)
	if err != nil {
		return Colour{}, fmt.Errorf("%q is not a colour; write it like #147d7a", s)
	}
	return Colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
}

// String writes the colour as #rrggbb, in lower case.
func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// Contrast is from 1 to 21.
func Contrast(a, b Colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative one, from 0 to 1.
func (c Colour) luminance() float64 {
	sum := 0.0
	for i, weight := range [3]float64{0.2126, 0.7152, 0.0722} {
		v := float64(c[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

// ReadableOn lightens the colour until text in it can be read on a dark ground.
func (c Colour) ReadableOn(ground Colour) Colour {
	const (
		steps = 32
		ease  = 7 // what is light enough for long reading (1.4.6)
	)
	for i := range steps {
		lighter := c
		for k := range lighter {
			lighter[k] += uint8((255 - int(c[k])) * i / steps)
		}
		if Contrast(lighter, ground) >= ease {
			return lighter
		}
	}
	return White
}

// Ink is the colour of text on this one.
func (c Colour) Ink() Colour {
	if Contrast(c, White) >= Contrast(c, ink) {
		return White
	}
	return ink
}
