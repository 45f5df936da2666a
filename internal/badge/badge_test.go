package badge

import (
	"bytes"
	"encoding/xml"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

var statuses = []Status{Reserved, Pending, Valid, Suspended, Revoked, Withdrawn, Ended, Unknown}

// sample is a card with every field filled.
func sample() Card {
	return Card{
		Handle: "@marie@social.example", AgencyName: "Ministère de la Culture", AgencyDomain: "culture.gouv.example",
		IssuerName: "Direction interministérielle du numérique", IssuerHost: "cocarde.example.org",
		URL: "https://cocarde.example.org/b/7k3m9x2p4q5r", Status: Valid,
		Since: "since 12 March 2026", Until: "until 8 September 2026", Lang: "en",
		Labels: Labels{Status: "In force", Mailbox: "has read a mailbox at", Issuer: "Attested by"},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	arabic := sample()
	arabic.Lang, arabic.AgencyName, arabic.Status, arabic.Labels.Status = "ar", "وزارة الثقافة", Suspended, "معلق"
	for name, got := range map[string][]byte{
		"valid.svg":   SVG(sample()),
		"arabic.svg":  SVG(arabic),
		"rosette.svg": Rosette(Palette{}, 32),
	} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is drawn otherwise: look at it, then run with -update", name)
		}
	}
}

func TestSVGSays(t *testing.T) {
	t.Parallel()
	c := sample()
	c.AgencyName = "Bureau des « affaires » <&> étrangères, " + strings.Repeat("loin ", 30)
	title, texts := read(t, SVG(c))
	for _, fact := range []string{c.Handle, strings.TrimSpace(c.AgencyName), c.AgencyDomain, "In force"} {
		if !strings.Contains(title, fact) {
			t.Errorf("title %q does not say %q", title, fact)
		}
	}
	svg := string(SVG(sample()))
	if want := "<desc>In force since 12 March 2026"; !strings.Contains(svg, want) {
		t.Errorf("lacks %q: %s", want, svg)
	}
	reserved := Card{Labels: c.Labels, Status: Reserved}
	if title, _ := read(t, SVG(reserved)); strings.Contains(title, c.Labels.Mailbox) {
		t.Errorf("a badge without an agency is titled %q", title)
	}
	if got := strings.Join(texts, "|"); !strings.Contains(got, c.Handle) || !strings.Contains(got, "…") {
		t.Errorf("drawn: %q", got)
	}
}

// read returns what an SVG says and draws; it fails on what is not XML or could act.
func read(t interface {
	Helper()
	Fatalf(string, ...any)
}, svg []byte) (title string, texts []string) {
	t.Helper()
	known := map[string]bool{"svg": true, "title": true, "desc": true, "path": true, "text": true}
	inert := map[string]bool{
		"xmlns": true, "width": true, "height": true, "viewBox": true, "lang": true, "role": true, "aria-hidden": true,
		"fill": true, "d": true, "x": true, "y": true, "font-family": true, "font-size": true, "font-weight": true,
		"direction": true, "text-anchor": true, "shape-rendering": true,
	}
	in := ""
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if token == nil {
			if err.Error() != "EOF" {
				t.Fatalf("not XML: %v\n%s", err, svg)
			}
			return title, texts
		}
		switch token := token.(type) {
		case xml.StartElement:
			in = token.Name.Local
			if !known[in] {
				t.Fatalf("element %q", in)
			}
			for _, a := range token.Attr {
				if !inert[a.Name.Local] || strings.Contains(a.Value, "url(") {
					t.Fatalf("attribute %s=%q", a.Name.Local, a.Value)
				}
			}
		case xml.EndElement:
			in = ""
		case xml.CharData:
			switch in {
			case "title":
				title += string(token)
			case "text":
				texts = append(texts, string(token))
			}
		case xml.Comment, xml.ProcInst, xml.Directive:
			t.Fatalf("%T in a picture", token)
		}
	}
}

// decoded returns a picture of these dimensions.
func decoded(t *testing.T, picture []byte, err error, w, h int) image.Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	if got := img.Bounds().Size(); got != image.Pt(w, h) {
		t.Fatalf("picture of %v, want %d × %d", got, w, h)
	}
	return img
}

// TestStatus: only a badge in force wears the issuer's colours, and no two kinds of
// state look alike once colour is taken away.
func TestStatus(t *testing.T) {
	t.Parallel()
	signs := map[string]Status{}
	for _, status := range statuses {
		c := sample()
		c.Status = status
		picture, err := PNG(c)
		img := decoded(t, picture, err, compactWidth*compactScale, compactHeight*compactScale)
		if rim := colourful(img, image.Rect(24, 24, 156, 156)); rim != (status == Valid) {
			t.Errorf("%s: coloured rosette %v", status, rim)
		}
		s := &scene{}
		s.icon(status, point{}, 10)
		sign := string(s.items[1].shape.appendData(nil))
		if twin, ok := signs[sign]; ok && !alike[[2]Status{twin, status}] {
			t.Errorf("%s and %s bear the same sign", twin, status)
		}
		signs[sign] = status
	}
}

// alike are the states that mean the same to a reader who sees no words.
var alike = map[[2]Status]bool{{Reserved, Pending}: true, {Withdrawn, Ended}: true}

// colourful tells whether an area of a picture holds anything but near-grey.
func colourful(img image.Image, area image.Rectangle) bool {
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			if max(c.R, c.G, c.B)-min(c.R, c.G, c.B) > 40 {
				return true
			}
		}
	}
	return false
}

func TestUnknownStatusIsUnknown(t *testing.T) {
	t.Parallel()
	c := sample()
	c.Status = "VALID"
	odd := SVG(c)
	c.Status = Unknown
	if !bytes.Equal(odd, SVG(c)) {
		t.Error("a status without a name is not drawn as unknown")
	}
}

// TestPicture looks at pixels: the corners are clear, the ground is white,
// and something is written.
func TestPicture(t *testing.T) {
	t.Parallel()
	picture, err := PNG(sample())
	img := decoded(t, picture, err, compactWidth*compactScale, compactHeight*compactScale)
	if _, _, _, a := img.At(0, 0).RGBA(); a != 0 {
		t.Error("the corner is not clear")
	}
	if c := color.NRGBAModel.Convert(img.At(700, 90)); c != (color.NRGBA{255, 255, 255, 255}) {
		t.Errorf("the ground is %v", c)
	}
	if inked(img, image.Rect(180, 20, 560, 60)) < 1000 {
		t.Error("no handle is written")
	}
}

// inked counts the dark pixels of an area.
func inked(img image.Image, area image.Rectangle) (n int) {
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if c := color.GrayModel.Convert(img.At(x, y)).(color.Gray); c.Y < 0x60 {
				n++
			}
		}
	}
	return n
}

// TestMirror: in a language that runs from right to left the rosette stands right.
func TestMirror(t *testing.T) {
	t.Parallel()
	c := sample()
	left, right := image.Rect(24, 24, 156, 156), image.Rect(564, 24, 696, 156)
	for lang, place := range map[string]image.Rectangle{"fr": left, "ar-MA": right, "": left} {
		c.Lang = lang
		picture, err := PNG(c)
		img := decoded(t, picture, err, compactWidth*compactScale, compactHeight*compactScale)
		if !colourful(img, place) {
			t.Errorf("%q: no rosette at %v", lang, place)
		}
	}
}
