package badge

// row is one line of a layout: how high it is, and what draws it around its middle.
type row struct {
	height float64
	draw   func(middle float64)
}

// stack draws rows under one another, centred between top and bottom.
func stack(top, bottom float64, rows []row) {
	free := bottom - top
	for _, r := range rows {
		free -= r.height
	}
	y := top + free/2
	for _, r := range rows {
		r.draw(y + r.height/2)
		y += r.height
	}
}

// textRow is a row of one text; a text that is empty takes no room.
func (s *scene) textRow(t item, height float64) row {
	if t.text == "" {
		height = 0
	}
	return row{height, func(middle float64) {
		t.y = middle + t.size*0.36 // about half a capital's height
		s.write(t)
	}}
}

// statusRow is the row of the status: its mark and its word, then the dates where they
// find room, the last one alone where they do not.
func (s *scene) statusRow(p *press, c Card, start, room, size, height float64) row {
	r := size * 0.56
	word := item{text: c.Labels.Status, colour: c.Status.colour(), x: start + 2*r + size*0.5, size: size, bold: true}
	word.text = p.shorten(word, room-(word.x-start), 0)
	dates := item{colour: muted, x: word.x + p.width(word) + size*0.9, size: size * 0.94}
	for _, text := range []string{c.Until, joined(" · ", c.Since, c.Until)} {
		if p.fits(dates, text, room-(dates.x-start)) {
			dates.text = text
		}
	}
	return row{height, func(middle float64) {
		s.icon(c.Status, point{s.side(start + r), middle}, r)
		word.y, dates.y = middle+size*0.36, middle+size*0.36
		s.write(word)
		s.write(dates)
	}}
}
