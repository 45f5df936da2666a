package cocarde_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	cocarde "cocarde.example"
	"cocarde.example/api"
	"cocarde.example/api/contracttest"
	"cocarde.example/internal/web"
)

// TestRoutes: every route stands in the contract, and the reverse.
func TestRoutes(t *testing.T) {
	t.Parallel()
	pages, err := web.NewPages(cocarde.Contract, web.Look{Colours: [3]string{"#1f4e4a", "#f6f1e4", "#8a4b1f"}})
	if err != nil {
		t.Fatal(err)
	}
	var routed []string
	for _, r := range slices.Concat(api.New(api.Config{}).Routes(), web.New(web.Config{Pages: pages}).Routes()) {
		routed = append(routed, r.Method+" "+r.Path)
	}
	var promised []string
	for path, item := range contracttest.Contract(t).Paths.Map() {
		for method := range item.Operations() {
			promised = append(promised, method+" "+path)
		}
	}
	for _, r := range routed {
		if !slices.Contains(promised, r) {
			t.Errorf("%s is routed, but stands not in the contract", r)
		}
	}
	for _, p := range promised {
		if !slices.Contains(routed, p) {
			t.Errorf("%s stands in the contract, but is not routed", p)
		}
	}
}

// TestSchemas: each is described and has an example, requests take nothing
// unknown, strings and lists are bounded, and nothing becomes an any by oneOf.
func TestSchemas(t *testing.T) {
	t.Parallel()
	doc := contracttest.Contract(t)
	for name, s := range doc.Components.Schemas {
		checkSchema(t, name, s)
	}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			if o.OperationID == "" || o.Summary == "" || len(o.Tags) != 1 {
				t.Errorf("%s %s lacks its id, its summary or its one tag", method, path)
			}
			if o.RequestBody == nil {
				continue
			}
			body := o.RequestBody.Value.Content["application/json"]
			if body != nil {
				checkClosed(t, method+" "+path, body.Schema)
			}
		}
	}
	if text := string(cocarde.Contract); strings.Contains(text, "oneOf") || strings.Contains(text, "anyOf") {
		t.Error("the contract has a choice of schemas")
	}
}

func checkSchema(t *testing.T, at string, ref *openapi3.SchemaRef) {
	t.Helper()
	s := ref.Value
	if s.Description == "" {
		t.Errorf("%s has no description", at)
	}
	bounded := s.MaxLength != nil || s.Pattern != "" || s.Format != "" || len(s.Enum) > 0 || s.Const != nil
	if s.Type.Is("string") && !bounded {
		t.Errorf("%s is a string without bounds", at)
	}
	if s.Type.Is("array") {
		if s.MaxItems == nil {
			t.Errorf("%s is a list without bounds", at)
		}
		checkSchema(t, at+"/items", s.Items)
	}
	for name, property := range s.Properties {
		if property.Ref == "" {
			checkSchema(t, at+"/"+name, property)
		}
	}
	for _, example := range s.Examples {
		if err := s.VisitJSON(example, openapi3.EnableJSONSchema2020()); err != nil {
			t.Errorf("%s: the example is not one: %v", at, err)
		}
	}
}

func checkClosed(t *testing.T, at string, ref *openapi3.SchemaRef) {
	t.Helper()
	if has := ref.Value.AdditionalProperties.Has; has == nil || *has {
		t.Errorf("%s takes unknown members in %s", at, ref.Ref)
	}
	for _, property := range ref.Value.Properties {
		if property.Value.Type.Is("object") {
			checkClosed(t, at, property)
		}
	}
}
