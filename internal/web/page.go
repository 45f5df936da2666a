package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cocarde.example/internal/locale"
)

// languageOf says in which language to answer.
func languageOf(r *http.Request) string {
	return locale.Choose(r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
}

// page is what every template gets; Data is its own.
type page struct {
	Lang  string
	Look  Look
	Style string // path of the style sheet
	Path  string // of the request
	Data  any

	kept    string // the language that the reader chose by name, to be kept in links
	request *http.Request
}

func (p *Pages) newPage(r *http.Request, data any) page {
	made := page{Lang: languageOf(r), Look: p.look, Style: p.style.path, Path: r.URL.Path, Data: data, request: r}
	if asked := r.URL.Query().Get("lang"); locale.Known(asked) {
		made.kept = asked
	}
	return made
}

// T gives a text. What it names in placeholders follows: a name, its value, and so on.
func (p page) T(id string, pairs ...any) (string, error) {
	if len(pairs)%2 != 0 {
		return "", errors.New("a placeholder has no value")
	}
	data := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return locale.Text(p.Lang, id, data)
}

// Date writes a day as the reader does.
func (p page) Date(t time.Time) (string, error) { return locale.Date(p.Lang, t) }

// Machine writes a time for the datetime attribute.
func (p page) Machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Link gives a path of our own with the language that the reader chose.
func (p page) Link(path string) string {
	if p.kept == "" {
		return path
	}
	path, fragment, _ := strings.Cut(path, "#")
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	path += sep + "lang=" + p.kept
	if fragment != "" {
		path += "#" + fragment
	}
	return path
}

// Kept is the language that a form with the GET method must carry on in a hidden
// field; empty if the reader chose none.
func (p page) Kept() string { return p.kept }

// choice is a language to switch to.
type choice struct {
	Lang, Name, URL string
	Current         bool
}

// Languages are the choices of the switch. There are none where looking at the
// page again would not show it: after a form was sent, and where the query holds
// what counts once.
func (p page) Languages() ([]choice, error) {
	if p.request.Method != http.MethodGet || p.request.URL.Query().Has("state") {
		return nil, nil
	}
	var all []choice
	for _, lang := range locale.Languages() {
		name, err := locale.Name(lang)
		if err != nil {
			return nil, err
		}
		query := p.request.URL.Query()
		query.Set("lang", lang)
		link := url.URL{Path: p.request.URL.Path, RawQuery: query.Encode()}
		all = append(all, choice{lang, name, link.String(), lang == p.Lang})
	}
	return all, nil
}

// door is a link of the navigation.
type door struct {
	URL, Text string
	Current   bool
}

// Door makes a link of the navigation.
func (p page) Door(path, text string) (door, error) {
	label, err := p.T(text)
	return door{p.Link(path), label, p.Path == path}, err
}
