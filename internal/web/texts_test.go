package web

import (
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cocarde.example/internal/fault"
)

// TestTextsAreComplete: every language has every text, and no other.
func TestTextsAreComplete(t *testing.T) {
	t.Parallel()
	all := loadTexts()
	pages := slices.Sorted(maps.Keys(all["en"].page))
	codes := slices.Sorted(maps.Keys(all["en"].problems))
	for _, lang := range languages {
		if got := slices.Sorted(maps.Keys(all[lang].page)); !slices.Equal(got, pages) {
			t.Errorf("%s: texts of pages differ from those in English", lang)
		}
		if got := slices.Sorted(maps.Keys(all[lang].problems)); !slices.Equal(got, codes) {
			t.Errorf("%s: problems differ from those in English", lang)
		}
		for _, texts := range []map[string]string{all[lang].page, all[lang].problems} {
			for id, text := range texts {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s: %s is empty", lang, id)
				}
			}
		}
	}
}

// TestTextsAreUsed: no text has been left behind by its page.
func TestTextsAreUsed(t *testing.T) {
	t.Parallel()
	var templates strings.Builder
	err := fs.WalkDir(templateFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templateFiles.ReadFile(path)
		templates.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range loadTexts()["en"].page {
		if !strings.Contains(templates.String(), `T "`+id+`"`) {
			t.Errorf("no page uses %q", id)
		}
	}
}

var faultCode = regexp.MustCompile(`(?:fault\.New\(fault\.\w+|newProblem\(http\.\w+),\s*"([a-z0-9_]+)"`)

// TestEveryProblemIsExplained reads the program's own source: each code that an
// answer may carry has its page. Those that keep the program from starting are
// for the command line.
func TestEveryProblemIsExplained(t *testing.T) {
	t.Parallel()
	explained := loadTexts()["en"].problems
	found := 0
	for _, room := range []string{"../../attest", "../../api", ".."} {
		err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
			if d != nil && d.IsDir() && slices.Contains([]string{"app", "config", "sandbox"}, d.Name()) {
				return filepath.SkipDir
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range faultCode.FindAllSubmatch(text, -1) {
				found++
				code := string(m[1])
				if _, ok := explained[code]; !ok && !strings.HasPrefix(code, "database_") {
					t.Errorf("%s: %s is explained nowhere in texts/problems.*.json", path, code)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 50 {
		t.Errorf("found %d codes only", found)
	}
}

// TestErrorPageHasEveryCode: the error page panics on none.
func TestErrorPageHasEveryCode(t *testing.T) {
	t.Parallel()
	p, err := NewPages(nil)
	if err != nil {
		t.Fatal(err)
	}
	for code, text := range p.texts["fr"].problems {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", "fr")
		w := httptest.NewRecorder()
		p.ErrorPage(w, r, 400, &fault.Error{Code: code, Message: "<English>"})
		if body := w.Body.String(); !strings.Contains(body, strings.NewReplacer("'", "&#39;", `"`, "&#34;").Replace(text)) {
			t.Errorf("%s: %s", code, body)
		}
	}
	w := httptest.NewRecorder()
	p.ErrorPage(w, httptest.NewRequest("GET", "/", nil), 400, &fault.Error{Code: "x", Message: "<English>"})
	if !strings.Contains(w.Body.String(), `<p lang="en">&lt;English&gt;</p>`) {
		t.Errorf("an unknown code: %s", w.Body)
	}
}
