package badge

import (
	"strings"
	"sync"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusanscondensed"
	"github.com/go-fonts/dejavu/dejavusanscondensedbold"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
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

// press sets lines of text: it measures them and traces their outlines. One press
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

// trace draws a text's outlines into r, scaled.
func (p *press) trace(r *vector.Rasterizer, t item, scale float64) {
	line, width := p.set(t.text, t.bold, t.handle)
	unit := t.size * scale / float64(em)
	x, y := t.x*scale, t.y*scale
	if t.right {
		x -= float64(width) * unit
	}
	at := func(g glyph, a fixed.Point26_6) (float32, float32) {
		return float32(x + float64(a.X+g.x)*unit), float32(y + float64(a.Y)*unit)
	}
	f := face(t.bold)
	for _, g := range line {
		outline, err := f.LoadGlyph(&p.buf, g.id, em, nil)
		if err != nil {
			continue // a glyph without an outline, such as a coloured one
		}
		for _, s := range outline {
			ax, ay := at(g, s.Args[0])
			bx, by := at(g, s.Args[1])
			cx, cy := at(g, s.Args[2])
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				r.ClosePath()
				r.MoveTo(ax, ay)
			case sfnt.SegmentOpLineTo:
				r.LineTo(ax, ay)
			case sfnt.SegmentOpQuadTo:
				r.QuadTo(ax, ay, bx, by)
			case sfnt.SegmentOpCubeTo:
				r.CubeTo(ax, ay, bx, by, cx, cy)
			}
		}
		r.ClosePath()
	}
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
			if n := len(out); n == 0 || out[n-1] != ellipsisRune {
				out = append(out, ellipsisRune)
			}
			continue
		}
		told = told || unicode.IsLetter(r) || unicode.IsDigit(r)
		out = append(out, r)
	}
	if !told {
		return ""
	}
	return strings.TrimSpace(string(out))
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
