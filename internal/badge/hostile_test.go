package badge

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const maxPicture = 100_000 // bytes of any PNG

// cards draws cards of any strings at all.
var cards = rapid.Custom(func(t *rapid.T) Card {
	any := rapid.OneOf(
		rapid.String(),
		rapid.StringOf(rapid.RuneFrom([]rune("ab @.<>&'\"\x00\u202e\u2066\u200cאבالم\u0301١2漢🎉]]>-—"))),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 400), func(b []byte) string { return string(b) }),
		rapid.StringN(290, 2000, -1),
	)
	var c Card
	c.each(func(string) string { return any.Draw(t, "text") })
	c.Lang = rapid.SampledFrom([]string{"fr", "ar", `"><script>`, ""}).Draw(t, "lang")
	c.Status = rapid.SampledFrom(statuses).Draw(t, "status")
	colour := rapid.Custom(func(t *rapid.T) Colour {
		return Colour{rapid.Byte().Draw(t, "r"), rapid.Byte().Draw(t, "g"), rapid.Byte().Draw(t, "b")}
	})
	c.Palette = Palette{colour.Draw(t, "outer"), colour.Draw(t, "middle"), colour.Draw(t, "inner")}
	return c
})

func TestAnyCardIsSafeSVG(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { checkSVG(t, cards.Draw(t, "card")) })
}

// checkSVG fails unless the card's picture is inert, bounded, and fits its frame.
func checkSVG(t interface {
	Helper()
	Fatalf(string, ...any)
}, c Card) {
	t.Helper()
	picture := SVG(c)
	read(t, picture)
	if len(picture) > 64<<10 {
		t.Fatalf("%d bytes", len(picture))
	}
	if !bytes.Equal(picture, SVG(c)) {
		t.Fatalf("two pictures of one card differ")
	}
	p := newPress()
	for _, s := range []*scene{compact(c.cleaned()), preview(c.cleaned().drawable())} {
		for _, it := range s.items {
			if it.text == "" {
				continue
			}
			left := it.x
			if it.right {
				left -= p.width(it)
			}
			if left < 0 || left+p.width(it) > s.w {
				t.Fatalf("%q leaves its frame", it.text)
			}
		}
	}
}

func TestAnyCardIsSmallPNG(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		c := cards.Example(i)
		small, err := PNG(c)
		decoded(t, small, err, compactWidth*compactScale, compactHeight*compactScale)
		large, err := Preview(c)
		decoded(t, large, err, previewWidth, previewHeight)
		if len(small) > maxPicture || len(large) > maxPicture {
			t.Errorf("%d and %d bytes: %#v", len(small), len(large), c)
		}
	}
}

// TestFullestPreview draws as much ink as a preview can hold.
func TestFullestPreview(t *testing.T) {
	t.Parallel()
	for _, r := range []string{"W@g&", "ﷺﺾ Ѩ"} {
		c := Card{Status: Valid, Palette: Palette{Colour{255, 0, 3}, Colour{1, 250, 0}, Colour{0, 2, 251}}}
		c.each(func(string) string { return strings.Repeat(r, 200) })
		first, err := Preview(c)
		decoded(t, first, err, previewWidth, previewHeight)
		if len(first) > maxPicture {
			t.Errorf("%q: %d bytes", r, len(first))
		}
		if again, _ := Preview(c); !bytes.Equal(first, again) {
			t.Errorf("%q: two previews of one card differ", r)
		}
	}
}

func FuzzCard(f *testing.F) {
	f.Add("@marie@social.example", "Ministère", "fr")
	f.Add("@א@\u202eב.example", "وزارة\u200c (2026)", "ar")
	f.Add("]]><script>", "a\x00\xff", "\"")
	f.Fuzz(func(t *testing.T, handle, name, lang string) {
		c := sample()
		c.Handle, c.AgencyName, c.IssuerName, c.Lang = handle, name, name, lang
		checkSVG(t, c)
	})
}
