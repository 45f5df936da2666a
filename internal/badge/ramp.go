package badge

import "image/color"

// maxPalette is how many colours a palette of PNG holds.
const maxPalette = 256

// ramps returns the palette to draw the scene in: nothing, each of its colours, and
// between each colour and the grounds that it stands on the steps that make edges
// smooth.
func (s *scene) ramps() []color.RGBA {
	colours := s.colours()
	palette := []color.RGBA{{}}
	for _, c := range colours {
		palette = append(palette, c.rgba())
	}
	type edge struct{ from, to Colour }
	edges := make([]edge, 0, 2*len(colours))
	seen := map[edge]bool{}
	add := func(from, to Colour) {
		if from != to && !seen[edge{from, to}] && !seen[edge{to, from}] {
			seen[edge{from, to}] = true
			edges = append(edges, edge{from, to})
		}
	}
	for i, c := range colours {
		add(white, c)
		if i > 0 {
			add(colours[i-1], c)
		}
	}
	add(tint, ink)
	add(tint, muted)
	corner := 6 // steps from the card's rim to nothing, at its round corners
	steps := (maxPalette - len(palette) - corner) / len(edges)
	for _, e := range edges {
		for n := 1; n <= steps; n++ {
			palette = append(palette, e.from.towards(e.to, float64(n)/float64(steps+1)).rgba())
		}
	}
	for n := 1; n <= corner; n++ {
		a := 255 * n / (corner + 1)
		palette = append(palette, color.RGBA{premultiplied(border.R, a), premultiplied(border.G, a), premultiplied(border.B, a), uint8(a)})
	}
	return palette
}

// premultiplied returns a channel under alpha a, as color.RGBA keeps it.
func premultiplied(v uint8, a int) uint8 { return uint8(int(v) * a / 255) }
