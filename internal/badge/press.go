package badge

import (
	"sync"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusanscondensed"
	"github.com/go-fonts/dejavu/dejavusanscondensedbold"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The faces are parsed when the first picture is drawn, never at the program's start.
var (
	regularFace = sync.OnceValue(func() *sfnt.Font { return parsed(dejavusanscondensed.TTF) })
	boldFace    = sync.OnceValue(func() *sfnt.Font { return parsed(dejavusanscondensedbold.TTF) })
)

// parsed reads an embedded font. One that cannot be read is a broken build.
func parsed(ttf []byte) *sfnt.Font {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		panic("badge: embedded font: " + err.Error())
	}
	return f
}

// em is the size at which glyphs are measured and loaded: both faces' own grid.
var em = fixed.I(2048)

// press sets lines of text: it measures them and draws their outlines. One press
// serves one picture at a time.
type press struct{ buf sfnt.Buffer }

func newPress() *press { return new(press) }

// glyph is an outline of a face and where it stands, in units of the em's grid.
type glyph struct {
	id sfnt.GlyphIndex
	x  fixed.Int26_6
}

func face(bold bool) *sfnt.Font {
	if bold {
		return boldFace()
	}
	return regularFace()
}

// set returns the glyphs of a line, and its width on the em's grid. What the face
// lacks takes the room of one em.
func (p *press) set(text string, bold, ltr bool) (line []glyph, width fixed.Int26_6) {
	f := face(bold)
	var last sfnt.GlyphIndex
	for _, r := range visual(text, !ltr && firstStrongIsRight(text)) {
		id, err := f.GlyphIndex(&p.buf, r)
		if err != nil || id == 0 {
			width, last = width+em, 0
			continue
		}
		if last != 0 {
			if kern, err := f.Kern(&p.buf, last, id, em, font.HintingNone); err == nil {
				width += kern
			}
		}
		line = append(line, glyph{id, width})
		if advance, err := f.GlyphAdvance(&p.buf, id, em, font.HintingNone); err == nil {
			width += advance
		}
		last = id
	}
	return line, width
}

// width returns how wide a text is, in the units of its size.
func (p *press) width(t item) float64 {
	_, w := p.set(t.text, t.bold, t.handle)
	return float64(w) / float64(em) * t.size
}

// outline returns a text as a path, where it stands in its scene.
func (p *press) outline(t item) path {
	line, width := p.set(t.text, t.bold, t.handle)
	unit := t.size / float64(em)
	x := t.x
	if t.right {
		x -= float64(width) * unit
	}
	f := face(t.bold)
	var out path
	for _, g := range line {
		segments, err := f.LoadGlyph(&p.buf, g.id, em, nil)
		if err != nil {
			continue // a glyph without an outline, such as a coloured one
		}
		at := func(a fixed.Point26_6) point {
			return point{x + float64(a.X+g.x)*unit, t.y + float64(a.Y)*unit}
		}
		for _, s := range segments {
			a, b, c := at(s.Args[0]), at(s.Args[1]), at(s.Args[2])
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				out.move(a) // a fill closes the outline before it
			case sfnt.SegmentOpLineTo:
				out.line(a)
			case sfnt.SegmentOpQuadTo:
				out.quad(a, b)
			case sfnt.SegmentOpCubeTo:
				out.cubic(a, b, c)
			}
		}
	}
	return out
}

// drawable returns s with each stretch that the faces cannot draw as one ellipsis, and
// nothing where no letter or digit is left. Marks that did not compose with their
// letter are left out.
func (p *press) drawable(s string) string {
	var out []rune
	told := false
	for _, r := range s {
		switch {
		case unicode.Is(unicode.M, r), unicode.Is(unicode.Sk, r):
			continue
		case r != nonJoiner && !p.has(r):
			out = appendGap(out)
			continue
		}
		told = told || unicode.IsLetter(r) || unicode.IsDigit(r)
		out = append(out, r)
	}
	if !told {
		return ""
	}
	return string(out)
}

// appendGap appends an ellipsis, unless nothing but spaces stands since the last one.
func appendGap(out []rune) []rune {
	end := len(out)
	for end > 0 && out[end-1] == ' ' {
		end--
	}
	if end > 0 && out[end-1] == ellipsisRune {
		return out[:end]
	}
	return append(out, ellipsisRune)
}

// has tells whether both faces hold r.
func (p *press) has(r rune) bool {
	for _, f := range []*sfnt.Font{regularFace(), boldFace()} {
		if id, err := f.GlyphIndex(&p.buf, r); err != nil || id == 0 {
			return false
		}
	}
	return true
}
