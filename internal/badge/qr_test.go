package badge

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"strings"
	"testing"

	qrcode "github.com/skip2/go-qrcode"
)

const link = "https://cocarde.example.org/b/7k3m9x2p4q5r"

// want returns the modules of the link, and checks the quiet zone that they need.
func want(t *testing.T) [][]bool {
	t.Helper()
	code, err := qrcode.New(link, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	rows := code.Bitmap()
	for i, row := range rows {
		for j, dark := range row {
			if dark && min(i, j, len(rows)-1-i, len(rows)-1-j) < 4 {
				t.Fatal("a module stands in the quiet zone")
			}
		}
	}
	return rows
}

func TestQRPNG(t *testing.T) {
	t.Parallel()
	rows := want(t)
	for _, px := range []int{1, 300, 1 << 30} {
		picture, err := QRPNG(link, px)
		px = min(max(px, minQR), maxQR)
		img := decoded(t, picture, err, px, px)
		scale := px / len(rows)
		margin := (px - scale*len(rows)) / 2
		for y, row := range rows {
			for x, dark := range row {
				got := color.GrayModel.Convert(img.At(margin+x*scale+scale/2, margin+y*scale+scale/2)).(color.Gray)
				if (got.Y == 0) != dark {
					t.Fatalf("%d pixels: module %d, %d is %v", px, x, y, got)
				}
			}
		}
	}
}

func TestQRSVG(t *testing.T) {
	t.Parallel()
	rows := want(t)
	picture, err := QRSVG(link)
	if err != nil {
		t.Fatal(err)
	}
	if title, _ := read(t, picture); title != link {
		t.Errorf("title %q", title)
	}
	got := make([][]bool, len(rows))
	for i := range got {
		got[i] = make([]bool, len(rows))
	}
	for run := range strings.SplitAfterSeq(lastPath(t, picture), "z") {
		var x, y, n, back int
		if _, err := fmt.Sscanf(run, "M%d %dh%dv1h%dz", &x, &y, &n, &back); err != nil && run != "" {
			t.Fatal(run, err)
		}
		for i := range n {
			got[y][x+i] = true
		}
	}
	for y := range rows {
		for x := range rows {
			if rows[y][x] != got[y][x] {
				t.Fatalf("module %d, %d is %v", x, y, got[y][x])
			}
		}
	}
}

// lastPath returns the data of a picture's last path.
func lastPath(t *testing.T, svg []byte) (data string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return data
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if a.Name.Local == "d" {
					data = a.Value
				}
			}
		}
	}
}

func TestQRRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4000)
	for _, url := range []string{"", long} {
		if _, err := QRSVG(url); err == nil {
			t.Errorf("an SVG of %d bytes", len(url))
		}
		if _, err := QRPNG(url, 512); err == nil {
			t.Errorf("a PNG of %d bytes", len(url))
		}
	}
	if _, err := QRPNG(strings.Repeat("x", 2000), 100); err == nil {
		t.Error("modules of less than a pixel are drawn")
	}
}
