package badge

// A preview's size in pixels, the one that social networks ask for.
const (
	previewWidth  = 1200
	previewHeight = 630
)

// Where things stand in a preview.
const (
	previewStart = 400 // where the texts begin
	previewRoom  = previewWidth - previewStart - 60
	footTop      = 510 // under it stands who says so
	footMargin   = 60
)

// preview lays out the picture that a link to the badge is shown with.
func preview(c Card) *scene {
	s := &scene{w: previewWidth, h: previewHeight, rtl: rightToLeft(c.Lang)}
	s.ground(0, 0, s.w, s.h, white)
	s.rosette(c.colours(), point{s.side(210), footTop / 2}, 150, true)
	p := newPress()

	dates := item{text: joined(" · ", c.Since, c.Until), colour: muted, x: previewStart, size: 27}
	dates.text = p.shorten(dates, previewRoom, 0)
	c.Since, c.Until = "", "" // on a row of their own, not beside the status
	rows := []row{s.statusRow(p, c, previewStart, previewRoom, 30, 62)}
	rows = append(rows, s.handleRows(p, c)...)
	if c.AgencyName+c.AgencyDomain != "" {
		rows = append(rows, s.agencyRows(p, c)...)
	}
	rows = append(rows, s.textRow(dates, 60))
	stack(20, footTop-20, rows)
	s.foot(p, c)
	return s
}

// handleRows sets the handle on one line, or on two where it is long.
func (s *scene) handleRows(p *press, c Card) []row {
	t := item{text: c.Handle, colour: ink, x: previewStart, size: 54, bold: true, handle: true}
	for t.size > 44 && !p.fits(t, t.text, previewRoom) {
		t.size -= 2
	}
	user, host := splitHandle(c.Handle)
	if host == "" || p.fits(t, t.text, previewRoom) {
		t.text = p.handle(t, previewRoom)
		return []row{s.textRow(t, 80)}
	}
	first := t.saying(p.shorten(t.saying(user), previewRoom, 0.4))
	second := t.saying(p.shorten(t.saying(host), previewRoom, hostTail))
	return []row{s.textRow(first, 60), s.textRow(second, 66)}
}

// agencyRows sets the words before the agency, its name on up to two lines, and its
// domain.
func (s *scene) agencyRows(p *press, c Card) []row {
	first, second := c.agency()
	label := item{text: c.Labels.Mailbox, colour: muted, x: previewStart, size: 27}
	label.text = p.shorten(label, previewRoom, 0)
	name := item{text: first, colour: ink, x: previewStart, size: 38}
	lines, whole := p.wrap(name, previewRoom, 2)
	if !whole {
		name.size = 32
		lines, _ = p.wrap(name, previewRoom, 2)
	}
	domain := item{text: second, colour: muted, x: previewStart, size: 30}
	domain.text = p.shorten(domain, previewRoom, hostTail)

	rows := []row{s.textRow(label, 46)}
	for _, name.text = range lines {
		rows = append(rows, s.textRow(name, name.size*1.26))
	}
	return append(rows, s.textRow(domain, 46))
}

// foot says who vouches, and where to check it.
func (s *scene) foot(p *press, c Card) {
	s.ground(0, footTop, s.w, s.h-footTop, tint)
	s.ground(0, footTop, s.w, 2, border)
	const room = previewWidth - 2*footMargin
	issuer := item{text: joined(" ", c.Labels.Issuer, c.issuer()), colour: ink, x: footMargin, size: 28}
	issuer.text = p.shorten(issuer, room, 0)
	where := item{text: c.URL, colour: muted, x: footMargin, size: 26, handle: true}
	if where.text == "" {
		where.text = c.IssuerHost
	}
	where.text = p.shorten(where, room, hostTail)
	stack(footTop, s.h, []row{s.textRow(issuer, 42), s.textRow(where, 40)})
}
