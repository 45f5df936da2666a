package web

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// file is the shape of openapi.yaml, as far as the pages need it. Nodes keep the
// order of the file.
type file struct {
	Info struct{ Title, Version, Description string }
	Tags []struct{ Name, Description string }

	Paths      yaml.Node
	Components struct {
		Schemas    yaml.Node
		Parameters map[string]fileParameter
		Responses  map[string]fileResponse
	}
}

type fileItem struct {
	Parameters             []fileParameter
	Get, Post, Put, Delete *fileOperation
}

type fileOperation struct {
	OperationID string `yaml:"operationId"`
	Tags        []string
	Summary     string
	Description string
	Security    []map[string][]string
	Parameters  []fileParameter
	RequestBody struct{ Content map[string]fileContent } `yaml:"requestBody"`
	Responses   yaml.Node
}

type fileParameter struct {
	Ref         string `yaml:"$ref"`
	Name        string
	In          string
	Required    bool
	Description string
}

type fileResponse struct {
	Ref         string `yaml:"$ref"`
	Description string
	Headers     map[string]any
	Content     map[string]fileContent
}

type fileContent struct{ Schema fileSchema }

type fileSchema struct {
	Ref         string `yaml:"$ref"`
	Type        string
	Description string
	Enum        []string
	Required    []string
	Properties  yaml.Node
	Items       *fileSchema
}

// pairs goes through a mapping in the order of the file. What does not fit the
// shape is left out; the tests see that nothing is.
func pairs[V any](mapping yaml.Node) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			var v V
			if mapping.Content[i+1].Decode(&v) == nil && !yield(mapping.Content[i].Value, v) {
				return
			}
		}
	}
}

func (i fileItem) operation(method string) *fileOperation {
	return map[string]*fileOperation{"get": i.Get, "post": i.Post, "put": i.Put, "delete": i.Delete}[method]
}

func (f *file) describe(o fileOperation, method, path string, shared []fileParameter) operation {
	d := operation{
		ID: o.OperationID, Method: method, Path: path, Summary: o.Summary, Description: o.Description, Token: len(o.Security) > 0,
		Body: last(o.RequestBody.Content["application/json"].Schema.Ref),
	}
	for _, p := range slices.Concat(shared, o.Parameters) {
		if p.Ref != "" {
			p = f.Components.Parameters[last(p.Ref)]
		}
		d.Parameters = append(d.Parameters, parameter{p.Name, p.In, p.Required, p.Description})
	}
	for status, r := range pairs[fileResponse](o.Responses) {
		if r.Ref != "" {
			r = f.Components.Responses[last(r.Ref)]
		}
		a := answer{Status: status, Description: r.Description, Headers: slices.Sorted(maps.Keys(r.Headers))}
		for media, c := range r.Content {
			a.Bodies = append(a.Bodies, body{media, last(c.Schema.Ref)})
		}
		slices.SortFunc(a.Bodies, func(x, y body) int { return strings.Compare(x.Type, y.Type) })
		d.Answers = append(d.Answers, a)
	}
	return d
}

func (f *file) schemas() (all []schema) {
	for name, s := range pairs[fileSchema](f.Components.Schemas) {
		all = append(all, schema{name, s.Description, s.Type, s.Enum, s.members("")})
	}
	return all
}

// members gives those of an object, and after a member that is an object itself its
// own, by their path.
func (s fileSchema) members(path string) (all []memberOf) {
	for name, m := range pairs[fileSchema](s.Properties) {
		item, kind := m, m.Type
		if m.Items != nil {
			item, kind = *m.Items, fmt.Sprintf("list of %s", m.Items.Type)
		}
		required := slices.Contains(s.Required, name)
		all = append(all, memberOf{path + name, kind, last(item.Ref), m.Description, item.Enum, required})
		all = append(all, item.members(path+name+".")...)
	}
	return all
}
