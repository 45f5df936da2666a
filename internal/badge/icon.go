package badge

// icon draws the mark of a status: a disc of radius r in its colour, with a sign that
// tells it from the others without colour.
func (s *scene) icon(status Status, c point, r float64) {
	s.fill(disc(c, r), status.colour())
	at := func(x, y float64) point { return point{c.x + x*r, c.y + y*r} }
	bar := func(x, y, w, h float64) path {
		return roundedRect(c.x+(x-w/2)*r, c.y+(y-h/2)*r, w*r, h*r, min(w, h)*r/4)
	}
	var sign path
	switch status {
	case Valid: // a tick
		sign.polygon(at(-0.56, 0.04), at(-0.38, -0.16), at(-0.14, 0.10), at(0.38, -0.46), at(0.57, -0.27), at(-0.14, 0.50))
	case Suspended: // a pause
		sign = append(bar(-0.26, 0, 0.26, 0.96), bar(0.26, 0, 0.26, 0.96)...)
	case Revoked: // a cross
		sign.polygon(at(-0.52, -0.36), at(-0.36, -0.52), at(0.52, 0.36), at(0.36, 0.52))
		sign.polygon(at(0.36, -0.52), at(0.52, -0.36), at(-0.36, 0.52), at(-0.52, 0.36)) // turned alike: both are filled where they cross
	case Withdrawn, Ended: // a line under it
		sign = bar(0, 0, 1, 0.26)
	case Reserved, Pending: // three dots
		for _, x := range []float64{-0.46, 0, 0.46} {
			sign = append(sign, disc(at(x, 0), 0.17*r)...)
		}
	default: // an empty ring
		sign = disc(c, 0.62*r)
	}
	s.fill(sign, white)
}
