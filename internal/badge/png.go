package badge

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"golang.org/x/image/vector"
)

// PNG returns the compact badge as a picture of 720 by 180 pixels.
func PNG(c Card) ([]byte, error) {
	return compact(c.cleaned().drawable()).png(compactScale)
}

// Preview returns the picture that a link to the badge is shown with: 1200 by 630
// pixels, under 100 kB.
func Preview(c Card) ([]byte, error) {
	return preview(c.cleaned().drawable()).png(1)
}

// png draws the scene, scaled, with a palette: a quarter of the bytes to compress.
func (s *scene) png(scale float64) ([]byte, error) {
	canvas := image.NewRGBA(image.Rect(0, 0, int(s.w*scale), int(s.h*scale)))
	p := newPress()
	var r vector.Rasterizer
	for _, it := range s.items {
		it.draw(canvas, p, &r, scale)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, indexed(canvas, s.ramps())); err != nil {
		return nil, fmt.Errorf("badge: encode picture: %w", err)
	}
	return out.Bytes(), nil
}

// draw fills one shape or one text.
func (it item) draw(canvas *image.RGBA, p *press, r *vector.Rasterizer, scale float64) {
	r.Reset(canvas.Rect.Dx(), canvas.Rect.Dy())
	if it.text == "" {
		it.shape.trace(r, scale)
	} else {
		p.trace(r, it, scale)
	}
	r.Draw(canvas, canvas.Rect, image.NewUniform(it.colour.rgba()), image.Point{})
}

func (c Colour) rgba() color.RGBA { return color.RGBA{c.R, c.G, c.B, 0xff} }

// indexed returns the picture with each pixel replaced by the palette's nearest colour.
func indexed(from *image.RGBA, palette color.Palette) *image.Paletted {
	to := image.NewPaletted(from.Rect, palette)
	known := make(map[[4]uint8]uint8)
	var last [4]uint8
	index := uint8(palette.Index(color.RGBA{}))
	known[last] = index
	for i := range to.Pix {
		pixel := [4]uint8(from.Pix[4*i:])
		if pixel != last {
			var ok bool
			if index, ok = known[pixel]; !ok {
				index = uint8(palette.Index(color.RGBA{pixel[0], pixel[1], pixel[2], pixel[3]}))
				known[pixel] = index
			}
			last = pixel
		}
		to.Pix[i] = index
	}
	return to
}
