package web

import (
	"fmt"
	"math"
	"strings"
)

// rosette draws the cocarde in an issuer's colours: a pleated edge, a ring and a heart.
func rosette(colours [3]string) []byte {
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">`)
	fmt.Fprintf(&b, `<path fill="%s" d="`, colours[0])
	const pleats = 20
	for i := range pleats {
		from, to := 2*math.Pi*float64(i)/pleats, 2*math.Pi*float64(i+1)/pleats
		mid := (from + to) / 2
		if i == 0 {
			fmt.Fprintf(&b, "M%.2f %.2f", 50+45*math.Cos(from), 50+45*math.Sin(from))
		}
		fmt.Fprintf(&b, "Q%.2f %.2f %.2f %.2f", 50+52*math.Cos(mid), 50+52*math.Sin(mid), 50+45*math.Cos(to), 50+45*math.Sin(to))
	}
	fmt.Fprintf(&b, `Z"/><circle cx="50" cy="50" r="33" fill="%s"/><circle cx="50" cy="50" r="17" fill="%s"/></svg>`, colours[1], colours[2])
	return []byte(b.String())
}
