package web_test

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"cocarde.example/api/contracttest"
)

// contractPages gives the overview under "", and the page of each group under its name.
func contractPages(t *testing.T, doc *openapi3.T, s *site, lang string) map[string]string {
	t.Helper()
	pages := map[string]string{"": s.page(200, "GET", "/docs?lang="+lang, nil)}
	for _, tag := range doc.Tags {
		pages[tag.Name] = s.page(200, "GET", "/docs/"+tag.Name+"?lang="+lang, nil, "<h1>"+tag.Name+"</h1>")
	}
	return pages
}

// TestDocs: each operation stands on one page, each schema wherever it is named, and
// the overview leads to all.
func TestDocs(t *testing.T) {
	t.Parallel()
	s, doc := open(t), contracttest.Contract(t)
	s.page(200, "GET", "/docs", []string{"Accept-Language: fr"}, `href="/openapi.yaml"`, "Développeurs", "Retry-After", `id="Problem"`)
	s.page(200, "GET", "/docs/attestations", nil, "<code>expect_handle</code>", "<code>agency.domain</code>", "<code>revoked</code>", `id="Record"`)
	s.page(404, "GET", "/docs/nonsense", nil, "not_found")
	pages := contractPages(t, doc, s, "en")
	all := ""
	for _, text := range pages {
		all += text
	}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			article := `<article id="` + o.OperationID + "\">\n<h2><code>" + method + " " + path + "</code></h2>"
			if strings.Count(all, article) != 1 || !strings.Contains(pages[o.Tags[0]], article) {
				t.Errorf("%s %s stands %d times, not on the page of %s alone", method, path, strings.Count(all, article), o.Tags[0])
			}
			line := `<li><a href="/docs/` + o.Tags[0] + "?lang=en#" + o.OperationID + `"><code>` + method + " " + path + "</code></a> "
			if !strings.Contains(pages[""], line) {
				t.Errorf("the overview lacks %s %s", method, path)
			}
		}
	}
	for name, schema := range doc.Components.Schemas {
		if !strings.Contains(all, `<article id="`+name+`">`) {
			t.Errorf("%s is missing", name)
		}
		for member := range schema.Value.Properties {
			if !strings.Contains(all, "<code>"+member+"</code>") {
				t.Errorf("%s of %s is missing", member, name)
			}
		}
	}
}

var href = regexp.MustCompile(`href="(/docs[^"]*|#[^"]*)"`)

// TestDocsAreSmallAndLeadSomewhere goes after every link between these pages.
func TestDocsAreSmallAndLeadSomewhere(t *testing.T) {
	t.Parallel()
	s, doc := open(t), contracttest.Contract(t)
	pages := contractPages(t, doc, s, "fr")
	ids := map[string]bool{}
	for name, text := range pages {
		if len(text) >= maxPage {
			t.Errorf("/docs/%s has %d bytes", name, len(text))
		}
		ids[name+"#"] = true
		for _, m := range idOnce.FindAllStringSubmatch(text, -1) {
			if ids[name+"#"+m[1]] {
				t.Errorf("/docs/%s: id %s stands twice", name, m[1])
			}
			ids[name+"#"+m[1]] = true
		}
	}
	for name, text := range pages {
		for _, m := range href.FindAllStringSubmatch(text, -1) {
			path, fragment, _ := strings.Cut(html.UnescapeString(m[1]), "#")
			to := name
			if path != "" {
				path, _, _ = strings.Cut(path, "?")
				to = strings.TrimPrefix(strings.TrimPrefix(path, "/docs"), "/")
			}
			if !ids[to+"#"+fragment] {
				t.Errorf("/docs/%s: %s leads nowhere", name, m[1])
			}
		}
	}
}
