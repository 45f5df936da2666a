package badge

import (
	"image"
	"math"
	"strconv"

	"golang.org/x/image/vector"
)

// point is a place in a picture, in its own units, y downwards.
type point struct{ x, y float64 }

// polar returns the point at radius r and angle a (radians) around c.
func polar(c point, r, a float64) point {
	return point{c.x + r*math.Cos(a), c.y + r*math.Sin(a)}
}

// segment is one step of a path: 'M', 'L', 'Q' or 'C' with its points, or 'Z'.
type segment struct {
	op byte
	p  [3]point
	n  int
}

// path is an outline that is filled; SVG and pixels are drawn from the same one.
type path []segment

func (p *path) move(a point)        { *p = append(*p, segment{'M', [3]point{a}, 1}) }
func (p *path) line(a point)        { *p = append(*p, segment{'L', [3]point{a}, 1}) }
func (p *path) quad(a, b point)     { *p = append(*p, segment{'Q', [3]point{a, b}, 2}) }
func (p *path) cubic(a, b, c point) { *p = append(*p, segment{'C', [3]point{a, b, c}, 3}) }
func (p *path) close()              { *p = append(*p, segment{op: 'Z'}) }

// polygon adds a closed outline of straight lines.
func (p *path) polygon(first point, rest ...point) {
	p.move(first)
	for _, a := range rest {
		p.line(a)
	}
	p.close()
}

// round is how far a cubic's handles lie from its ends to draw a quarter of a circle
// of radius 1.
const round = 0.5522847498

// roundedRect returns the rectangle from (x, y), w wide and h high, with corners of
// radius r.
func roundedRect(x, y, w, h, r float64) path {
	var p path
	k := r * (1 - round)
	p.move(point{x + r, y})
	p.line(point{x + w - r, y})
	p.cubic(point{x + w - k, y}, point{x + w, y + k}, point{x + w, y + r})
	p.line(point{x + w, y + h - r})
	p.cubic(point{x + w, y + h - k}, point{x + w - k, y + h}, point{x + w - r, y + h})
	p.line(point{x + r, y + h})
	p.cubic(point{x + k, y + h}, point{x, y + h - k}, point{x, y + h - r})
	p.line(point{x, y + r})
	p.cubic(point{x, y + k}, point{x + k, y}, point{x + r, y})
	p.close()
	return p
}

// disc returns the circle of radius r around c.
func disc(c point, r float64) path { return roundedRect(c.x-r, c.y-r, 2*r, 2*r, r) }

// appendData appends the path as the value of an SVG d attribute.
func (p path) appendData(out []byte) []byte {
	for _, s := range p {
		out = append(out, s.op)
		for i, a := range s.p[:s.n] {
			if i > 0 {
				out = append(out, ' ')
			}
			out = appendNumber(out, a.x)
			out = append(out, ' ')
			out = appendNumber(out, a.y)
		}
	}
	return out
}

// appendNumber appends v to a hundredth, as short as it can be written.
func appendNumber(out []byte, v float64) []byte {
	return strconv.AppendFloat(out, math.Round(v*100)/100+0, 'f', -1, 64)
}

// bounds returns the whole units that hold the scaled path, its handles included.
func (p path) bounds(scale float64) image.Rectangle {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, s := range p {
		for _, a := range s.p[:s.n] {
			low.x, low.y = min(low.x, a.x), min(low.y, a.y)
			high.x, high.y = max(high.x, a.x), max(high.y, a.y)
		}
	}
	if low.x > high.x {
		return image.Rectangle{}
	}
	floor := func(v float64) int { return int(math.Floor(v * scale)) }
	ceil := func(v float64) int { return int(math.Ceil(v * scale)) }
	return image.Rect(floor(low.x), floor(low.y), ceil(high.x), ceil(high.y))
}

// trace draws the scaled path into r, whose corner lies at origin. An outline that is
// not closed is closed.
func (p path) trace(r *vector.Rasterizer, scale float64, origin image.Point) {
	at := func(a point) (float32, float32) {
		return float32(a.x*scale - float64(origin.X)), float32(a.y*scale - float64(origin.Y))
	}
	for _, s := range p {
		ax, ay := at(s.p[0])
		bx, by := at(s.p[1])
		cx, cy := at(s.p[2])
		switch s.op {
		case 'M':
			r.ClosePath()
			r.MoveTo(ax, ay)
		case 'L':
			r.LineTo(ax, ay)
		case 'Q':
			r.QuadTo(ax, ay, bx, by)
		case 'C':
			r.CubeTo(ax, ay, bx, by, cx, cy)
		case 'Z':
			r.ClosePath()
		}
	}
	r.ClosePath()
}
