package badge

// The compact badge's size, in units of its SVG; its PNG has twice as many pixels.
const (
	compactWidth  = 360
	compactHeight = 90
	compactScale  = 2
)

// compact lays out the small badge: the rosette, then handle, agency and status. The
// card has a white ground of its own, so that it reads on any page.
func compact(c Card) *scene {
	s := &scene{w: compactWidth, h: compactHeight, rtl: rightToLeft(c.Lang)}
	s.fill(roundedRect(0, 0, s.w, s.h, 10), border)
	s.fill(roundedRect(1, 1, s.w-2, s.h-2, 9), white)
	s.rosette(c.colours(), point{s.side(45), 45}, 33, true)

	// A little less than there is: the reader's font may be wider than ours.
	const start, room = 90, (compactWidth - 90 - 12) * 0.96
	p := newPress()
	handle := item{text: c.Handle, colour: ink, x: start, size: 15, bold: true, handle: true}
	for handle.size > 13 && !p.fits(handle, handle.text, room) {
		handle.size--
	}
	handle.text = p.handle(handle, room)

	first, second := c.agency()
	name := item{text: first, colour: ink, x: start, size: 12.5}
	name.text = p.shorten(name, room, 0)
	domain := item{text: second, colour: muted, x: start, size: 11.5}
	domain.text = p.shorten(domain, room, hostTail)

	stack(0, s.h, []row{
		s.textRow(handle, 21),
		s.textRow(name, 17),
		s.textRow(domain, 15),
		s.statusRow(p, c, start, room, 12, 21),
	})
	return s
}
