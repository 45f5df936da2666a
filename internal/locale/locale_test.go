package locale

import (
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"
)

// placeholder finds what a text names of its data.
var placeholder = regexp.MustCompile(`\.[A-Z]\w*`)

// texts reads a language's file as it stands, without the library.
func texts(t *testing.T, lang string) map[string]string {
	t.Helper()
	data, err := fs.ReadFile(files, lang+".json")
	if err != nil {
		t.Fatal(err)
	}
	var found map[string]string
	if err := json.Unmarshal(data, &found); err != nil {
		t.Fatalf("%s.json: %v", lang, err)
	}
	return found
}

func TestEveryLanguageHasEveryText(t *testing.T) {
	t.Parallel()
	want := texts(t, Default)
	for _, lang := range Languages() {
		got := texts(t, lang)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%s.json differs from %s.json in its ids (-want +got):\n%s", lang, Default, diff)
		}
		for id, text := range got {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s.json: %s is empty", lang, id)
			}
			a, b := placeholders(want[id]), placeholders(text)
			slices.Sort(a)
			slices.Sort(b)
			if diff := cmp.Diff(slices.Compact(a), slices.Compact(b)); diff != "" {
				t.Errorf("%s.json: %s has other placeholders than in %s:\n%s", lang, id, Default, diff)
			}
		}
	}
}

func placeholders(text string) []string {
	var all []string
	for _, action := range regexp.MustCompile(`\{\{[^}]*\}\}`).FindAllString(text, -1) {
		all = append(all, placeholder.FindAllString(action, -1)...)
	}
	return all
}

// In French a sign of two parts has an unbreakable space before it, and the
// apostrophe is a typographic one.
func TestFrenchTypography(t *testing.T) {
	t.Parallel()
	bad := regexp.MustCompile(`[^\x{00A0}\x{202F}][:;!?»]|«[^\x{00A0}\x{202F}]|'`)
	code := regexp.MustCompile(`\?\w+=\S*|acct:|: (application|Bearer)|https?:`) // as machines want it
	for id, text := range texts(t, "fr") {
		text = code.ReplaceAllString(text, "")
		if found := bad.FindString(text); found != "" {
			t.Errorf("fr.json: %s: %q", id, found)
		}
	}
}

// TestFrenchHasOneWordForAMailbox: a box for letters is another thing.
func TestFrenchHasOneWordForAMailbox(t *testing.T) {
	t.Parallel()
	for id, text := range texts(t, "fr") {
		if strings.Contains(strings.ToLower(text), "boîte") {
			t.Errorf("fr.json: %s: a mailbox is « une messagerie »: %q", id, text)
		}
	}
}

// TestDirection: a language is read from the side that its script is.
func TestDirection(t *testing.T) {
	t.Parallel()
	fromTheRight := []string{"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm"}
	for _, lang := range Languages() {
		script, _ := language.Make(lang).Script()
		want := "ltr"
		if slices.Contains(fromTheRight, script.String()) {
			want = "rtl"
		}
		if got, err := Direction(lang); err != nil || got != want {
			t.Errorf("%s is written %q, %v; want %s", lang, got, err, want)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	data := map[string]string{"Issuer": "cocarde.example.org"}
	for _, c := range []struct{ lang, want string }{
		{"fr", "Ce message a été envoyé automatiquement par cocarde.example.org. Les réponses ne sont pas lues."},
		{"en", "This mail was sent automatically by cocarde.example.org. Replies to it are not read."},
		{"tlh", "This mail was sent automatically by cocarde.example.org. Replies to it are not read."},
		{"", "This mail was sent automatically by cocarde.example.org. Replies to it are not read."},
	} {
		got, err := Text(c.lang, "mail.sign-off", data)
		if err != nil || got != c.want {
			t.Errorf("Text(%q) = %q, %v; want %q", c.lang, got, err, c.want)
		}
	}
	if _, err := Text("en", "no.such.text", nil); err == nil {
		t.Error("a text that does not exist gives no error")
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"":                                 "en",
		"fr":                               "fr",
		"fr-CA,en;q=0.5":                   "fr",
		"de, fr;q=0.8, en;q=0.7":           "fr",
		"de":                               "en",
		"en-GB,fr;q=0.9":                   "en",
		"*":                                "en",
		"@@@":                              "en",
		strings.Repeat("fr,", 1000) + "fr": "en",
	} {
		for range 2 { // the second time it is remembered
			if got := Match(accept, "en"); got != want {
				t.Errorf("Match(%.40q) = %q, want %q", accept, got, want)
			}
		}
	}
	for accept, want := range map[string]string{"": "fr", "*": "fr", "de": "fr", "@@@": "fr", "en": "en", "de,en;q=0.1": "en"} {
		if got := Match(accept, "fr"); got != want {
			t.Errorf("Match(%.40q), otherwise French, = %q, want %q", accept, got, want)
		}
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]bool{"fr": true, "en": true, "FR": false, "de": false, "": false} {
		if Known(lang) != want {
			t.Errorf("Known(%q) = %v", lang, !want)
		}
	}
}
