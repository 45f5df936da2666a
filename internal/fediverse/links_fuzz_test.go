package fediverse

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// FuzzHead holds the reader of heads to a whole HTML parser: whatever it takes
// for a link of the head, the parser finds in the head too.
func FuzzHead(f *testing.F) {
	for _, page := range []string{
		`<!doctype html><html><head><title>a</title><link rel="me" href="https://a.example/b/1"></head><body><a rel=me href=x>`,
		`<link rel=me href=a><noscript><link rel=me href=b></noscript><template><link rel=me href=c></template><link rel=me href=d>`,
		`<head><!-- <link rel=me href=a> --><script>"<link rel=me href=b>"</script></p></head><link rel=me href=c>`,
		`<link rel="x ME" rel=y href=a href=b><svg><title></svg><link rel=me href=c>`,
		"\ufeff \n<meta>\x00<link rel=me href=a>", `<frameset><link rel=me href=a>`, `<head></br><link rel=me href=a>`,
	} {
		f.Add([]byte(page))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		found, err := headLinks(strings.NewReader(string(page)))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(strings.NewReader(strings.TrimPrefix(string(page), byteOrderMark)))
		if err != nil {
			t.Skip()
		}
		if inDoc := parsedLinks(doc); !isSubsequence(found, inDoc) {
			t.Errorf("found %q, the parser has %q", found, inDoc)
		}
	})
}

// parsedLinks gives the <link rel="me"> that are children of the head.
func parsedLinks(doc *html.Node) (found []string) {
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "link" || n.Parent.Data != "head" || n.Namespace != "" {
			continue
		}
		first := map[string]string{}
		for _, a := range slices.Backward(n.Attr) {
			first[a.Key] = a.Val
		}
		if strings.Contains(strings.ToLower(first["rel"]), "me") && first["href"] != "" {
			found = append(found, first["href"])
		}
	}
	return found
}

func isSubsequence(part, whole []string) bool {
	for _, w := range whole {
		if len(part) > 0 && part[0] == w {
			part = part[1:]
		}
	}
	return len(part) == 0
}

// FuzzFields reads attachments. A value without any tag is a link by itself or none.
func FuzzFields(f *testing.F) {
	for _, attachment := range []string{
		`[{"type":"PropertyValue","name":"a","value":"<a href=\"https://a.example/\">a</a>"},{"type":["x","PropertyValue"],"value":"https://b.example"}]`,
		`{"type":"PropertyValue","value":" https://b.example&amp;c "}`, `[null,{"type":{"id":"PropertyValue"},"value":[]}]`, `7`, ``, `[`,
		`[{"type":"PropertyValue","value":"<a href=x><a href=y><!-- <a href=z> --></a>http://x"}]`,
	} {
		f.Add([]byte(attachment))
	}
	f.Fuzz(func(t *testing.T, attachment []byte) {
		values := propertyValues(attachment)
		if len(values) > 0 && !json.Valid(attachment) {
			t.Fatalf("fields of what is no JSON: %q", values)
		}
		for _, v := range values {
			found := valueLinks(v)
			if !strings.Contains(v, "<") && (len(found) > 1 || len(found) == 1 && found[0] != strings.TrimSpace(html.UnescapeString(v))) {
				t.Errorf("%q links to %q", v, found)
			}
			if tags := strings.Count(strings.ToLower(v), "<a"); len(found) > max(tags, 1) {
				t.Errorf("%d links in %q", len(found), v)
			}
			if slices.Contains(found, "") {
				t.Errorf("%q has an empty link", v)
			}
		}
	})
}
