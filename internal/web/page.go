package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cocarde.example/internal/locale"
)

// languageOf says in which language to answer.
func (p *Pages) languageOf(r *http.Request) string {
	if kept := keptLanguage(r); kept != "" {
		return kept
	}
	return locale.Match(r.Header.Get("Accept-Language"), p.look.Lang)
}

// keptLanguage is the language that the reader chose by name, to be kept in links;
// empty if there is none.
func keptLanguage(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	if asked := r.URL.Query().Get("lang"); locale.Known(asked) {
		return asked
	}
	return ""
}

// longestQuery is how much of a query the switch of languages repeats, in bytes: more
// than any page needs, and little enough for pages to stay small.
const longestQuery = 4 << 10

// asking is what a page takes from the request.
type asking struct {
	lang, kept string
	// path and query lead to the page again, to read it in another language.
	path  string
	query url.Values
}

func (p *Pages) askingOf(r *http.Request) asking {
	// Two slashes at the beginning would name another host.
	a := asking{lang: p.languageOf(r), kept: keptLanguage(r), path: "/" + strings.TrimLeft(r.URL.Path, "/")}
	if r.Method != http.MethodPost {
		if len(r.URL.RawQuery) <= longestQuery {
			a.query = r.URL.Query()
		}
		return a
	}
	// What a form has sent is in no URL: its page is looked at anew. Those of a request
	// send to paths under that of their page.
	if id := r.PathValue("id"); id != "" && strings.HasPrefix(a.path, "/request/") {
		a.path = "/request/" + id
	}
	return a
}

// page is what every template gets; Data is its own.
type page struct {
	Lang  string
	Look  Look
	Style string // path of the style sheet
	Data  any

	asking asking
}

func (p *Pages) newPage(r *http.Request, data any) page { return p.pageFor(p.askingOf(r), data) }

func (p *Pages) pageFor(a asking, data any) page {
	return page{Lang: a.lang, Look: p.look, Style: p.style.path, Data: data, asking: a}
}

// T gives a text. What it names in placeholders follows: a name, its value, and so on.
func (p page) T(id string, pairs ...any) (string, error) {
	data, err := placeholders(pairs)
	if err != nil {
		return "", fmt.Errorf("%s: %w", id, err)
	}
	return locale.Text(p.Lang, id, data)
}

func placeholders(pairs []any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("a placeholder has no value")
	}
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return data, nil
}

// Direction is that of the page's language, for the dir attribute.
func (p page) Direction() (string, error) { return locale.Direction(p.Lang) }

// Date writes a day as the reader does.
func (p page) Date(t time.Time) (string, error) { return locale.Date(p.Lang, t) }

// Moment writes a time that is soon, to the minute.
func (p page) Moment(t time.Time) (string, error) { return locale.Moment(p.Lang, t) }

// Link gives a path of our own with the language that the reader chose.
func (p page) Link(path string) string {
	if p.asking.kept == "" {
		return path
	}
	path, fragment, _ := strings.Cut(path, "#")
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	path += sep + "lang=" + p.asking.kept
	if fragment != "" {
		path += "#" + fragment
	}
	return path
}

// Kept is the language that a form with the GET method must carry on in a hidden
// field; empty if the reader chose none.
func (p page) Kept() string { return p.asking.kept }

// choice is a language to switch to.
type choice struct {
	Lang, Name, URL string
	Current         bool
}

// Languages are the choices of the switch.
func (p page) Languages() ([]choice, error) {
	var all []choice
	for _, lang := range locale.Languages() {
		name, err := locale.Name(lang)
		if err != nil {
			return nil, err
		}
		query := maps.Clone(p.asking.query)
		if query == nil {
			query = url.Values{}
		}
		query.Set("lang", lang)
		link := url.URL{Path: p.asking.path, RawQuery: query.Encode()}
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
	return door{p.Link(path), label, p.asking.path == path}, err
}

// Day writes a day for the datetime attribute.
func (p page) Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
