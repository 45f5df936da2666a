package config

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logo := write(t, filepath.Join(dir, "logo.png"), picture(t, 120, 40))
	legal := write(t, filepath.Join(dir, "legal"), []byte("# Publisher\r\nThe agency.\r\n\r\n\r\nSecond line\nof it.\n"))
	write(t, legal+".fr", []byte("L’organisme."))
	c, err := Load("", []string{
		"COCARDE_NAME=Badges of the agency", "COCARDE_COLOURS=#1F4E4A, #f6f1e4,#8a4b1f", "COCARDE_LOGO=" + logo,
		"COCARDE_LEGAL_FILE=" + legal, "COCARDE_CONTACT=badges@agency.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	look := c.Look()
	if c.Name != "Badges of the agency" || look.Colours != [3]string{"#1f4e4a", "#f6f1e4", "#8a4b1f"} || len(look.Logo) == 0 ||
		look.Contact != "mailto:badges@agency.example" || look.ContactText() != "badges@agency.example" {
		t.Errorf("%q %+v", c.Name, look)
	}
	want := []Paragraph{{true, "Publisher"}, {false, "The agency."}, {false, "Second line\nof it."}}
	if diff := cmp.Diff(want, look.Legal("en")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Paragraph{{false, "L’organisme."}}, look.Legal("fr")); diff != "" {
		t.Error(diff)
	}
}

func TestDefaultLook(t *testing.T) {
	t.Parallel()
	c, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if l := c.Look(); c.Name == "" || strings.Join(l.Colours[:], ",") != defaultColours || l.Logo != nil || l.Contact != "" || l.Legal("fr") != nil {
		t.Errorf("%q %+v", c.Name, l)
	}
}

func TestLookIsChecked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.png"), []byte("GIF89a"))
	cut := write(t, filepath.Join(dir, "cut.png"), picture(t, 200, 200)[:60])
	wide := write(t, filepath.Join(dir, "wide.png"), picture(t, 3000, 2))
	heavy := write(t, filepath.Join(dir, "heavy"), bytes.Repeat([]byte("x"), 101<<10))
	crowded := write(t, filepath.Join(dir, "crowded"), bytes.Repeat([]byte("a\n\n"), 10_000))
	quoting := write(t, filepath.Join(dir, "quoting"), bytes.Repeat([]byte(`"`), 10_000))
	for setting, says := range map[string]string{
		"COCARDE_NAME=" + strings.Repeat("x", 61):     "60 letters",
		"COCARDE_NAME=a\nb":                           "one line",
		"COCARDE_COLOURS=#000000":                     "three colours",
		"COCARDE_COLOURS=#000000,#ffffff,red":         "not a colour",
		"COCARDE_COLOURS=#ffcc00,#000000,#ffffff":     "too light",
		"COCARDE_COLOURS=#000091,#111111,#ffffff":     "too much alike",
		"COCARDE_COLOURS=#000091,#ffffff,#eeeeee":     "too much alike",
		"COCARDE_LOGO=" + text:                        "not a PNG",
		"COCARDE_LOGO=" + cut:                         "not a PNG",
		"COCARDE_LOGO=" + wide:                        "2048",
		"COCARDE_LOGO=" + heavy:                       "100 KiB",
		"COCARDE_LOGO=" + filepath.Join(dir, "none"):  "no such file",
		"COCARDE_LEGAL_FILE=" + heavy:                 "32 KiB",
		"COCARDE_LEGAL_FILE=" + crowded:               "too many paragraphs",
		"COCARDE_LEGAL_FILE=" + quoting:               "shorten it",
		"COCARDE_LEGAL_FILE=" + dir + "/none":         "no such file",
		"COCARDE_CONTACT=http://agency.example":       "neither",
		"COCARDE_CONTACT=javascript:alert(1)":         "neither",
		"COCARDE_CONTACT=Badges <badges@agency.test>": "neither",
	} {
		_, err := Load("", []string{setting})
		name, _, _ := strings.Cut(setting, "=")
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), name) {
			t.Errorf("%.60s: error %v, want one that says %q", setting, err, says)
		}
	}
}
