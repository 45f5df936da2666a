package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// docs shows the contract, in the language in which it is written.
func (s *Web) docs(w http.ResponseWriter, r *http.Request) error {
	c, err := s.pages.contract()
	if err != nil {
		return err
	}
	return s.pages.show(w, r, http.StatusOK, "docs", c)
}

// schemas shows what the bodies of the contract are made of.
func (s *Web) schemas(w http.ResponseWriter, r *http.Request) error {
	c, err := s.pages.contract()
	if err != nil {
		return err
	}
	return s.pages.show(w, r, http.StatusOK, "schemas", c)
}

// contract is what the page shows of openapi.yaml.
type contract struct {
	Title, Version, Description string
	Tags                        []tag
	Refusals                    []answer // each status once
	Schemas                     []schema
}

type tag struct {
	Name, Description string
	Operations        []operation
}

type operation struct {
	Method, Path, Summary, Description string
	Token                              bool // needs the request's bearer token
	Parameters                         []parameter
	Body                               string // name of the schema
	Answers                            []answer
	Refusals                           []string // statuses
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
	Members                 []memberOf
}

type memberOf struct {
	Name, Type, Schema, Description string
	Required                        bool
}

// parseContract reads what the page shows; the rest of the contract is for programs.
func parseContract(text []byte) (contract, error) {
	var f file
	if err := yaml.Unmarshal(text, &f); err != nil {
		return contract{}, fmt.Errorf("read contract: %w", err)
	}
	c := contract{Title: f.Info.Title, Version: f.Info.Version, Description: f.Info.Description}
	for _, t := range f.Tags {
		c.Tags = append(c.Tags, tag{Name: t.Name, Description: t.Description})
	}
	for path, item := range pairs[fileItem](f.Paths) {
		for _, method := range []string{"get", "post", "put", "delete"} {
			if o := item.operation(method); o != nil {
				c.add(o.Tags, f.describe(*o, strings.ToUpper(method), path, item.Parameters))
			}
		}
	}
	slices.SortFunc(c.Refusals, func(x, y answer) int { return strings.Compare(x.Status, y.Status) })
	for name, s := range pairs[fileSchema](f.Components.Schemas) {
		c.Schemas = append(c.Schemas, s.describe(name))
	}
	return c, nil
}

// add takes an operation in. Its refusals are alike in all operations, so that the
// page explains each but once.
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
	for i := range c.Tags {
		if slices.Contains(tags, c.Tags[i].Name) {
			c.Tags[i].Operations = append(c.Tags[i].Operations, o)
		}
	}
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
