package badge

// scene is a picture before it is drawn: shapes and texts in order, in units that SVG
// takes as they are and pixels scale.
type scene struct {
	w, h  float64
	rtl   bool // the picture begins on the right
	items []item
}

// item is one filled shape, or one line of text where text is set.
type item struct {
	shape  path
	square bool // the shape is a rectangle on whole units
	text   string
	colour Colour
	x, y   float64 // of a text: where its line begins or ends, and its baseline
	size   float64
	bold   bool
	handle bool // always from left to right
	right  bool // x is the text's right edge, not its left one
}

// saying returns the item with another text, set alike.
func (t item) saying(text string) item {
	t.text = text
	return t
}

// fill adds a shape.
func (s *scene) fill(p path, c Colour) { s.items = append(s.items, item{shape: p, colour: c}) }

// ground adds a rectangle.
func (s *scene) ground(x, y, w, h float64, c Colour) {
	s.items = append(s.items, item{shape: roundedRect(x, y, w, h, 0), square: true, colour: c})
}

// write adds a line of text that begins at t.x from the side where the picture begins.
func (s *scene) write(t item) {
	if t.text == "" {
		return
	}
	t.right = s.rtl
	t.x = s.side(t.x)
	s.items = append(s.items, t)
}

// side returns where x, counted from the side where the picture begins, lies.
func (s *scene) side(x float64) float64 {
	if s.rtl {
		return s.w - x
	}
	return x
}

// colours returns every colour of the scene, once, in order of appearance.
func (s *scene) colours() []Colour {
	var all []Colour
	seen := map[Colour]bool{}
	for _, it := range s.items {
		if !seen[it.colour] {
			seen[it.colour] = true
			all = append(all, it.colour)
		}
	}
	return all
}
