package web

import (
	"html"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/locale"
)

var testLook = Look{Name: "Cocarde", Colours: [3]string{"#1f4e4a", "#f6f1e4", "#8a4b1f"}}

// TestErrorPageHasEveryCode: the error page panics on none.
func TestErrorPageHasEveryCode(t *testing.T) {
	t.Parallel()
	p, err := NewPages(nil, testLook)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := os.ReadFile("../locale/fr.json")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`"problem\.(\w+)"`).FindAllStringSubmatch(string(texts), -1)
	if len(codes) < 50 {
		t.Fatalf("%d codes only", len(codes))
	}
	for _, m := range codes {
		title, text, _ := locale.Problem("fr", m[1])
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", "fr")
		w := httptest.NewRecorder()
		p.ErrorPage(w, r, 400, &fault.Error{Code: m[1], Message: "<English>"})
		body := html.UnescapeString(w.Body.String())
		if !strings.Contains(body, "<h1>"+title+"</h1>") || !strings.Contains(body, text) {
			t.Errorf("%s: %s", m[1], body)
		}
	}
	w := httptest.NewRecorder()
	p.ErrorPage(w, httptest.NewRequest("GET", "/", nil), 400, &fault.Error{Code: "x", Message: "<English>"})
	if !strings.Contains(w.Body.String(), `lang="en">&lt;English&gt;</p>`) {
		t.Errorf("an unknown code: %s", w.Body)
	}
}
