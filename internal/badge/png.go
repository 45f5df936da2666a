package badge

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

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
	encoder := png.Encoder{CompressionLevel: png.BestSpeed} // a tenth larger, several times sooner
	if err := encoder.Encode(&out, indexed(canvas, s.ramps())); err != nil {
		return nil, fmt.Errorf("badge: encode picture: %w", err)
	}
	return out.Bytes(), nil
}

// draw fills one shape or one text, as far as it lies in the picture.
func (it item) draw(canvas *image.RGBA, p *press, r *vector.Rasterizer, scale float64) {
	shape := it.shape
	if it.text != "" {
		shape = p.outline(it)
	}
	box := shape.bounds(scale).Intersect(canvas.Rect)
	if box.Empty() {
		return
	}
	if it.square {
		draw.Draw(canvas, box, image.NewUniform(it.colour.rgba()), image.Point{}, draw.Src)
		return
	}
	r.Reset(box.Dx(), box.Dy())
	shape.trace(r, scale, box.Min)
	r.Draw(canvas, box, image.NewUniform(it.colour.rgba()), image.Point{})
}

func (c Colour) rgba() color.RGBA { return color.RGBA{c.R, c.G, c.B, 0xff} }

// indexed returns the picture with each pixel replaced by the palette's nearest colour.
func indexed(from *image.RGBA, ramps []color.RGBA) *image.Paletted {
	palette := make(color.Palette, len(ramps))
	for i, c := range ramps {
		palette[i] = c
	}
	to := image.NewPaletted(from.Rect, palette)
	known := make(map[uint32]uint8)
	var last uint32 // nothing, which the palette begins with
	var index uint8
	for i := range to.Pix {
		if pixel := binary.BigEndian.Uint32(from.Pix[4*i:]); pixel != last {
			last = pixel
			var ok bool
			if index, ok = known[pixel]; !ok {
				index = nearest(ramps, from.Pix[4*i:])
				known[pixel] = index
			}
		}
		to.Pix[i] = index
	}
	return to
}

// nearest returns which colour looks most like the pixel.
func nearest(ramps []color.RGBA, pixel []uint8) uint8 {
	best, least := 0, math.MaxInt
	r, g, b, a := int(pixel[0]), int(pixel[1]), int(pixel[2]), int(pixel[3])
	for i, c := range ramps {
		dr, dg, db, da := int(c.R)-r, int(c.G)-g, int(c.B)-b, int(c.A)-a
		if d := dr*dr + dg*dg + db*db + da*da; d < least {
			best, least = i, d
		}
	}
	return uint8(best)
}
