package fediverse

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"cocarde.example/attest"
	"cocarde.example/internal/sandbox"
)

func TestNearness(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]attest.Near{
		badge + "?lang=fr":     attest.NearQuery,
		badge + "?":            attest.NearQuery,
		badge + "?lang=fr#x":   attest.NearQuery,
		badge + "#x":           attest.NearFragment,
		badge + "#":            attest.NearFragment,
		badge + "/":            attest.NearSlash,
		badge + "/?lang=fr":    attest.NearSlash,
		badge + ".svg":         attest.NearPicture,
		badge + ".png?lang=fr": attest.NearPicture,
		badge + "/qr.svg":      attest.NearPicture,
		badge + "/preview.png": attest.NearPicture,
		"http" + strings.TrimPrefix(badge, "https"):           attest.NearScheme,
		"HTTP" + strings.TrimPrefix(badge, "https"):           attest.NearScheme,
		"https://other.example/b/7k3m9q2x8w4d":                attest.NearHost,
		"https://other.example/b/000000000000.svg":            attest.NearHost,
		"https://www.cocarde.example.org/b/7k3m9q2x8w4d":      attest.NearHost,
		"https://cocarde.example.org/b/000000000000":          attest.NearBadge,
		"https://cocarde.example.org/b/000000000000?lang=fr":  attest.NearBadge,
		"https://COCARDE.example.org/request/01j?lang=fr":     attest.NearPage,
		"https://cocarde.example.org/":                        attest.NearPage,
		"https://cocarde.example.org":                         attest.NearPage,
		badge[:len(badge)-4]:                                  attest.NearInexact,
		badge + "0":                                           attest.NearInexact,
		badge + ")":                                           attest.NearInexact,
		badge + "…":                                           attest.NearInexact,
		" " + badge:                                           attest.NearInexact,
		strings.ToUpper(badge):                                attest.NearPage,
		"https://cocarde.example.org/b/7K3M9Q2X8W4D":          attest.NearInexact,
		"https://cocarde.example.org/b/%37k3m9q2x8w4d":        attest.NearInexact,
		"https://cocarde.example.org/b/":                      attest.NearInexact,
		"https://other.example/b/short":                       "",
		"https://other.example/":                              "",
		"https://cocarde.example.org@evil.example/b/7k3m9q2x": "",
		"https://u:p@cocarde.example.org/b/7k3m9q2x8w4d":      "",
		"javascript:alert(1)":                                 "",
		"/b/7k3m9q2x8w4d":                                     "",
		"//cocarde.example.org/b/7k3m9q2x8w4d":                "",
		"https://%zz":                                         "",
		"":                                                    "",
	} {
		if got := nearness(written, badge); got != want {
			t.Errorf("%q: %q, want %q", written, got, want)
		}
		if sameLink(written, badge) {
			t.Errorf("%q counts", written)
		}
	}
}

// TestFindLinkTellsWhatItSaw: the links themselves, and what is wrong with those
// that were meant.
func TestFindLinkTellsWhatItSaw(t *testing.T) {
	t.Parallel()
	_, a := instance(t, sandbox.InstanceOptions{})
	w := newWorld(t)
	who := profileOf(t, w, a)
	if err := a.SetFields(sandbox.Field{Name: "Web", Value: "https://marie.example/"}, sandbox.Field{Name: "Cocarde", Value: badge + "?lang=fr"}); err != nil {
		t.Fatal(err)
	}
	got, err := w.FindLink(t.Context(), who, badge)
	want := []attest.SeenLink{
		{Where: attest.InAttachment, Text: badge + "?lang=fr", Near: attest.NearQuery},
		{Where: attest.InAttachment, Text: "https://marie.example/"},
	}
	if err != nil || !reflect.DeepEqual(got.Links, want) {
		t.Errorf("%+v, %v", got.Links, err)
	}
	if err := a.SetFields(sandbox.Field{Name: "Cocarde", Value: badge}); err != nil {
		t.Fatal(err)
	}
	if got, err := w.FindLink(t.Context(), who, badge); err != nil || !got.Found || got.Links != nil {
		t.Errorf("found: %+v, %v", got, err)
	}
}

// TestOthersAreBounded: a profile has as many and as long links as its server likes.
func TestOthersAreBounded(t *testing.T) {
	t.Parallel()
	var links []attest.SeenLink
	for n := range 1000 {
		links = append(links, attest.SeenLink{Text: fmt.Sprintf("https://%d.example/", n)})
	}
	links = append(links, attest.SeenLink{Text: badge + "/"})
	seen := others(links, badge)
	if len(seen) != attest.MaxSeen || seen[0].Near != attest.NearSlash || seen[1].Text != "https://0.example/" {
		t.Errorf("%+v", seen)
	}
	if links[0].Text != "https://0.example/" {
		t.Error("the links themselves were moved")
	}
}

func FuzzShown(f *testing.F) {
	f.Add(badge)
	f.Add("https://a.example/\u202emoc.live\n\x00\xff" + strings.Repeat("é", 100))
	f.Add(strings.Repeat("\xe2\x80\xae", 90))
	f.Fuzz(func(t *testing.T, text string) {
		got := shown(text)
		if len(got) > attest.MaxSeenText || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r != utf8.RuneError && !unicode.IsPrint(r) }) {
			t.Fatalf("%q is shown as %q, %d bytes", text, got, len(got))
		}
		plain := !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError })
		if plain && len(text) <= attest.MaxSeenText && got != text {
			t.Fatalf("%q is shown as %q", text, got)
		}
		nearness(text, badge)
	})
}
