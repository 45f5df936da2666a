package locale

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// sources gives the text of the program's own files that may name a text or a
// fault code: Go without its tests, and templates.
func sources(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, room := range []string{"../../attest", "../../api", ".."} {
		err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
			if d != nil && d.IsDir() && slices.Contains([]string{"config", "sandbox"}, d.Name()) {
				return filepath.SkipDir
			}
			page := strings.HasSuffix(path, ".html")
			code := strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
			if err != nil || !page && !code {
				return err
			}
			text, err := os.ReadFile(path)
			found[path] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestEveryTextIsUsed: no text has been left behind by its page or mail. An id may
// be put together from a quoted beginning that ends in a dot.
func TestEveryTextIsUsed(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, text := range sources(t) {
		all.WriteString(text)
	}
	program := all.String()
	for id := range texts(t, Default) {
		if strings.Contains(program, `"`+id+`"`) {
			continue
		}
		room, _, _ := strings.Cut(id, ".")
		last := id[strings.LastIndexByte(id, '.'):]
		begun := strings.Contains(program, `"`+room+`."`) || strings.Contains(program, `"`+strings.TrimSuffix(id, last)+`."`)
		if !begun || room == "mail" && !strings.Contains(program, last+`"`) {
			t.Errorf("nothing uses %q", id)
		}
	}
}

// TestEveryNamedTextStands: what pages ask for is there.
func TestEveryNamedTextStands(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`\.T "([^"]+)"`)
	known := texts(t, Default)
	found := 0
	for path, text := range sources(t) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			found++
			if _, ok := known[m[1]]; !ok && !strings.HasSuffix(m[1], ".") {
				t.Errorf("%s: there is no text %q", path, m[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d texts only", found)
	}
}

var faultCode = regexp.MustCompile(`(?:fault\.New\(fault\.\w+|newProblem\(http\.\w+),\s*"([a-z0-9_]+)"`)

// TestEveryProblemIsExplained: each code that an answer may carry has its texts.
// Those that keep the program from starting, or keys as they are, are for the
// command line.
func TestEveryProblemIsExplained(t *testing.T) {
	t.Parallel()
	found := 0
	for path, text := range sources(t) {
		if strings.HasPrefix(path, "../app/") || strings.HasPrefix(path, "../keyring/") {
			continue
		}
		for _, m := range faultCode.FindAllStringSubmatch(text, -1) {
			found++
			// What only commands and a start refuse never reaches HTTP.
			inTerminal := m[1] != "record_unwritable" && slices.ContainsFunc([]string{"database_", "backup_", "record_", "issuer_other"},
				func(prefix string) bool { return strings.HasPrefix(m[1], prefix) })
			if _, _, ok := Problem(Default, m[1]); !ok && !inTerminal {
				t.Errorf("%s: %s is explained in no language", path, m[1])
			}
		}
	}
	if found < 50 {
		t.Errorf("found %d codes only", found)
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, code, title, text, textLang string }{
		{"fr", "code_wrong", "Code faux", "Ce n’est pas le bon code. Comparez-le avec le plus récent et saisissez-le de nouveau.", "fr"},
		{"en", "code_wrong", "Code wrong", "as it came", "en"},
		{"fr", "of_tomorrow", "Of tomorrow", "as it came", "en"},
	} {
		title, text, lang := Refusal(c.lang, c.code, "as it came")
		if title != c.title || text != c.text || lang != c.textLang {
			t.Errorf("%+v: got %q, %q, %q", c, title, text, lang)
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	late := time.Date(2027, 2, 1, 23, 30, 0, 0, time.FixedZone("", -3600)) // the 2nd in UTC
	for lang, want := range map[string]string{"en": "2 February 2027", "fr": "2 février 2027"} {
		if got, err := Date(lang, late); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", lang, got, err, want)
		}
	}
	for lang, want := range map[string]string{"en": "2\u00a0February 2027, 00:30 UTC", "fr": "2\u00a0février 2027 à 0\u00a0h\u00a030 (heure UTC)"} {
		if got, err := Moment(lang, late); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", lang, got, err, want)
		}
	}
	if got, _ := Date("fr", late.Add(-24*time.Hour)); got != "1er février 2027" {
		t.Errorf("the first of a month: %q", got)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ asked, accept, want string }{
		{"fr", "en", "fr"}, {"", "fr", "fr"}, {"xx", "fr", "fr"}, {"FR", "", "en"}, {"../fr", "", "en"},
	} {
		if got := Choose(c.asked, c.accept); got != c.want {
			t.Errorf("Choose(%q, %q) = %q, want %q", c.asked, c.accept, got, c.want)
		}
	}
}
