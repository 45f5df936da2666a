package badge

import "math"

// flatBelow is the size in pixels under which pleats would only blur.
const flatBelow = 48

// Rosette returns the cocarde itself as an SVG picture, size pixels wide and high:
// for favicons and beside titles, where it only decorates. Small ones are drawn
// without pleats.
func Rosette(p Palette, size int) []byte {
	if p == (Palette{}) {
		p = DefaultPalette
	}
	size = min(max(size, 8), 2048)
	s := scene{w: 64, h: 64}
	s.rosette(p, point{32, 32}, 31, size >= flatBelow)
	return s.svg(svgHead{width: size, height: size})
}

// ring is one circle of pleated ribbon: its colour, its radii as shares of the whole,
// and how many pleats it has.
type ring struct {
	colour       Colour
	outer, inner float64
	pleats       int
}

// rosette draws three rings of ribbon around a button.
func (s *scene) rosette(p Palette, c point, r float64, pleated bool) {
	for _, g := range []ring{
		{p.Outer, 1, 0.60, 30},
		{p.Middle, 0.71, 0.32, 24},
		{p.Inner, 0.43, 0.10, 18},
	} {
		if g.outer < 1 { // the thin shade that one ribbon throws on the next
			s.fill(disc(c, (g.outer+0.012)*r), shade(p.Outer, 0.45))
		}
		s.fill(g.rim(c, r), g.colour)
		if pleated {
			s.fill(g.folds(c, r, 0.50, 1), shade(g.colour, 0.13))
			s.fill(g.folds(c, r, 0.78, 1), shade(g.colour, 0.30))
		}
	}
	s.fill(disc(c, 0.175*r), shade(p.Inner, 0.35))
	s.fill(disc(c, 0.15*r), p.Middle)
}

// shade returns c in the fold of a ribbon.
func shade(c Colour, depth float64) Colour { return c.towards(black, depth) }

// rim returns the ring filled to its centre, with one soft scallop a pleat.
func (g ring) rim(c point, r float64) path {
	var p path
	step := 2 * math.Pi / float64(g.pleats)
	valley, peak := g.valley()*r, (g.outer*2-g.valley())*r
	p.move(polar(c, valley, 0))
	for i := range g.pleats {
		a := float64(i) * step
		p.quad(polar(c, peak, a+step/2), polar(c, valley, a+step))
	}
	p.close()
	return p
}

// valley is how far out the rim reaches between two pleats.
func (g ring) valley() float64 { return g.outer * 0.965 }

// folds returns, for each pleat, the part of it that lies between two shares of its
// width.
func (g ring) folds(c point, r, from, to float64) path {
	var p path
	step := 2 * math.Pi / float64(g.pleats)
	inner, outer := g.inner*r, g.valley()*r
	for i := range g.pleats {
		a, b := (float64(i)+from)*step, (float64(i)+to)*step
		p.polygon(polar(c, inner, b), polar(c, g.edge(from)*r, a), polar(c, outer, b))
	}
	return p
}

// edge returns how far out the rim lies at this share of a pleat's width.
func (g ring) edge(share float64) float64 {
	return g.valley() + (g.outer-g.valley())*4*share*(1-share)
}
