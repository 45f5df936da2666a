package badge

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

// fonts is what SVG text is set in, from the reader's own: faces about as wide as the
// one that lines are measured with, so that what was made to fit does.
const fonts = `-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Noto Sans','DejaVu Sans Condensed',sans-serif`

// svgHead is what stands in an SVG's root element. Without a title the picture only
// decorates.
type svgHead struct {
	width, height      int
	lang               string
	title, description string
}

// SVG returns the compact badge, 360 by 90. It has no script, style or reference to
// anything outside, and says in its title and description what it shows. Long names
// are shortened in the drawing, not in these.
func SVG(c Card) []byte {
	c = c.cleaned()
	return compact(c).svg(svgHead{
		width: compactWidth, height: compactHeight,
		lang: c.Lang, title: c.title(), description: c.description(),
	})
}

// svg writes the scene, with presentation attributes only, so that a policy that
// allows no style at all changes nothing.
func (s *scene) svg(head svgHead) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %g %g"`,
		head.width, head.height, s.w, s.h)
	if head.lang != "" {
		fmt.Fprintf(&out, ` lang="%s" xml:lang="%[1]s"`, head.lang)
	}
	if head.title == "" {
		out.WriteString(` aria-hidden="true">`)
	} else {
		out.WriteString(` role="img"><title>` + escaped(head.title) + `</title>`)
		out.WriteString(`<desc>` + escaped(head.description) + `</desc>`)
	}
	for _, it := range s.items {
		it.svg(&out)
	}
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// svg writes one shape or one text.
func (it item) svg(out *bytes.Buffer) {
	if it.text == "" {
		fmt.Fprintf(out, `<path fill="%s" d="%s"/>`, it.colour, it.shape.appendData(nil))
		return
	}
	fmt.Fprintf(out, `<text x="%g" y="%g" fill="%s" font-family="%s" font-size="%g"`, it.x, it.y, it.colour, fonts, it.size)
	if it.bold {
		out.WriteString(` font-weight="700"`)
	}
	rtl := !it.handle && firstStrongIsRight(it.text)
	if rtl {
		out.WriteString(` direction="rtl"`)
	}
	if rtl != it.right { // the line's end, not its beginning, stands at x
		out.WriteString(` text-anchor="end"`)
	}
	out.WriteString(`>` + escaped(it.text) + `</text>`)
}

// escaped returns s as XML text.
func escaped(s string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(s)) // a bytes.Buffer takes everything
	return out.String()
}
