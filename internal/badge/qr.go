package badge

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	qrcode "github.com/skip2/go-qrcode"
)

// The sizes in pixels that QRPNG draws.
const (
	minQR = 64
	maxQR = 2048
)

// modules returns the QR code of url, error correction M, true where it is dark, with
// the quiet zone of four modules around it (ISO/IEC 18004).
func modules(url string) ([][]bool, error) {
	code, err := qrcode.New(url, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("badge: QR code: %w", err)
	}
	return code.Bitmap(), nil
}

// QRSVG returns the QR code of url as an SVG picture on white, four units a module.
// It fails for what no QR code can hold: nothing, or more than some 2,300 bytes.
func QRSVG(url string) ([]byte, error) {
	rows, err := modules(url)
	if err != nil {
		return nil, err
	}
	size := len(rows)
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%[1]d" viewBox="0 0 %d %[2]d"`, 4*size, size)
	fmt.Fprintf(&out, ` role="img" shape-rendering="crispEdges"><title>%s</title>`, escaped(clean(url)))
	fmt.Fprintf(&out, `<path fill="#fff" d="M0 0h%dv%[1]dH0z"/><path d="`, size)
	for y, row := range rows {
		for x := 0; x < size; x++ {
			from := x
			for x < size && row[x] {
				x++
			}
			if x > from {
				fmt.Fprintf(&out, "M%d %dh%dv1h-%[3]dz", from, y, x-from)
			}
		}
	}
	out.WriteString("\"/></svg>\n")
	return out.Bytes(), nil
}

// QRPNG returns the QR code of url as a picture px wide and high, each module the same
// whole number of pixels and the rest white around it. px is held within 64 and 2048;
// it fails where a module would be less than one pixel.
func QRPNG(url string, px int) ([]byte, error) {
	rows, err := modules(url)
	if err != nil {
		return nil, err
	}
	px = min(max(px, minQR), maxQR)
	scale := px / len(rows)
	if scale == 0 {
		return nil, fmt.Errorf("badge: QR code: %d modules do not fit in %d pixels", len(rows), px)
	}
	picture := image.NewPaletted(image.Rect(0, 0, px, px), color.Palette{color.White, color.Black})
	margin := (px - scale*len(rows)) / 2
	for y := range scale * len(rows) {
		line := picture.Pix[(margin+y)*picture.Stride+margin:]
		for x := range scale * len(rows) {
			if rows[y/scale][x/scale] {
				line[x] = 1
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("badge: encode QR code: %w", err)
	}
	return out.Bytes(), nil
}
