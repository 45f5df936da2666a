package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// docs shows what the contract is for and what is in it, in the language in which it
// is written.
func (s *Web) docs(w http.ResponseWriter, r *http.Request) error {
	c, err := s.pages.contract()
	if err != nil {
		return err
	}
	return s.pages.show(w, r, http.StatusOK, "docs", c)
}

// docsGroup shows the operations of one group, and what their bodies are made of.
func (s *Web) docsGroup(w http.ResponseWriter, r *http.Request) error {
	c, err := s.pages.contract()
	if err != nil {
		return err
	}
	for _, g := range c.Groups {
		if g.Name == r.PathValue("group") {
			return s.pages.show(w, r, http.StatusOK, "docs-group", struct {
				group
				Groups []group
			}{g, c.Groups})
		}
	}
	return errNotFound
}

// contract is what the pages show of openapi.yaml.
type contract struct {
	Title, Version, Description string
	Groups                      []group
	Refusals                    []answer // each status once
	Schemas                     []schema // of refusals
}

// group is a tag of the contract. It has a page of its own.
type group struct {
	Name, Description string
	Operations        []operation
	Schemas           []schema // that its operations use, each whole
}

type operation struct {
	ID, Method, Path, Summary, Description string
	Token                                  bool // needs the request's bearer token
	Parameters                             []parameter
	Body                                   string // name of the schema
	Answers                                []answer
	Refusals                               []string // statuses
}

type parameter struct {
	Name        string
	In          string
	Required    bool
	Description string
}

type answer struct {
	Status, Description string
	Headers             []string
	Bodies              []body
}

type body struct{ Type, Schema string }

type schema struct {
	Name, Description, Type string
	Values                  []string // if these are all that there are
	Members                 []memberOf
}

type memberOf struct {
	Name, Type, Schema, Description string
	Values                          []string
	Required                        bool
}

// parseContract reads what the pages show; the rest of the contract is for programs.
func parseContract(text []byte) (contract, error) {
	var f file
	if err := yaml.Unmarshal(text, &f); err != nil {
		return contract{}, fmt.Errorf("read contract: %w", err)
	}
	c := contract{Title: f.Info.Title, Version: f.Info.Version, Description: f.Info.Description}
	for _, t := range f.Tags {
		c.Groups = append(c.Groups, group{Name: t.Name, Description: t.Description})
	}
	for path, item := range pairs[fileItem](f.Paths) {
		for _, method := range []string{"get", "post", "put", "delete"} {
			if o := item.operation(method); o != nil {
				c.add(o.Tags, f.describe(*o, strings.ToUpper(method), path, item.Parameters))
			}
		}
	}
	slices.SortFunc(c.Refusals, func(x, y answer) int { return strings.Compare(x.Status, y.Status) })
	c.addSchemas(f.schemas())
	return c, nil
}

// add takes an operation in. Its refusals are alike in all operations, so that the
// overview explains each but once.
func (c *contract) add(tags []string, o operation) {
	all := o.Answers
	o.Answers = nil
	for _, a := range all {
		if a.Status < "400" {
			o.Answers = append(o.Answers, a)
			continue
		}
		o.Refusals = append(o.Refusals, a.Status)
		if !slices.ContainsFunc(c.Refusals, func(known answer) bool { return known.Status == a.Status }) {
			c.Refusals = append(c.Refusals, a)
		}
	}
	for i := range c.Groups {
		if slices.Contains(tags, c.Groups[i].Name) {
			c.Groups[i].Operations = append(c.Groups[i].Operations, o)
		}
	}
}

// addSchemas gives each page the schemas that it uses, so that nobody has to leave it.
func (c *contract) addSchemas(all []schema) {
	for i, g := range c.Groups {
		var names []string
		for _, o := range g.Operations {
			names = append(append(names, o.Body), bodies(o.Answers)...)
		}
		c.Groups[i].Schemas = used(all, names)
	}
	c.Schemas = used(all, bodies(c.Refusals))
}

func bodies(answers []answer) (names []string) {
	for _, a := range answers {
		for _, b := range a.Bodies {
			names = append(names, b.Schema)
		}
	}
	return names
}

// used gives the schemas of these names and those that they are made of, in the order
// of the contract.
func used(all []schema, names []string) (found []schema) {
	for i := 0; i < len(names); i++ { // names grows
		at := slices.IndexFunc(all, func(s schema) bool { return s.Name == names[i] })
		if at < 0 {
			continue
		}
		for _, m := range all[at].Members {
			if !slices.Contains(names, m.Schema) {
				names = append(names, m.Schema)
			}
		}
	}
	for _, s := range all {
		if slices.Contains(names, s.Name) {
			found = append(found, s)
		}
	}
	return found
}

func last(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// paragraph is a part of a description: runs of text, every second one code.
type paragraph [][2]string

// prose reads the little of Markdown that the contract uses: paragraphs, and
// code between backquotes.
func prose(s string) []paragraph {
	var all []paragraph
	for text := range strings.SplitSeq(strings.TrimSpace(s), "\n\n") {
		var p paragraph
		runs := strings.Split(text, "`")
		for i := 0; i < len(runs); i += 2 {
			run := [2]string{runs[i]}
			if i+1 < len(runs) {
				run[1] = runs[i+1]
			}
			p = append(p, run)
		}
		all = append(all, p)
	}
	return all
}
