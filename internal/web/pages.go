package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"sync"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
)

//go:embed templates
var templateFiles embed.FS

// policy lets a page have our style sheet and forms to ourselves, nothing else.
const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Pages renders pages. It is safe for concurrent use.
type Pages struct {
	texts     map[string]*texts
	templates map[string]*template.Template
	style     static
	contract  func() (contract, error)
}

// NewPages reads the embedded templates and texts. contract is openapi.yaml; it
// is parsed when somebody first reads it.
func NewPages(contractText []byte) (*Pages, error) {
	style, err := newStatic("style.css", "text/css; charset=utf-8")
	if err != nil {
		return nil, err
	}
	p := &Pages{
		texts: loadTexts(), style: style, templates: map[string]*template.Template{},
		contract: sync.OnceValues(func() (contract, error) { return parseContract(contractText) }),
	}
	for _, name := range []string{"signedin", "carrycode", "stop", "stopped", "error", "problem", "docs"} {
		t, err := template.New("layout.html").Funcs(template.FuncMap{"prose": prose}).
			ParseFS(templateFiles, "templates/layout.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		p.templates[name] = t
	}
	return p, nil
}

// page is what every template gets: T for texts, Data for its own.
type page struct {
	*texts
	Style string // path of the style sheet
	Data  any
}

// show renders a page whole before any of it is sent.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, name string, data any) error {
	t := p.texts[languageOf(r)]
	var body bytes.Buffer
	if err := p.templates[name].Execute(&body, page{texts: t, Style: p.style.path, Data: data}); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", t.Lang)
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a reader who has gone away is no concern of ours
	return nil
}

// refusal is what the error page tells.
type refusal struct {
	Text      string
	TextLang  string
	Code      string
	RequestID string
}

// ErrorPage shows a refusal, in the reader's language where the code is known.
func (p *Pages) ErrorPage(w http.ResponseWriter, r *http.Request, status int, f *fault.Error) {
	lang := languageOf(r)
	shown := refusal{Text: f.Message, TextLang: "en", Code: f.Code, RequestID: front.RequestID(r.Context())}
	if text, ok := p.texts[lang].problems[f.Code]; ok && lang != "en" {
		shown.Text, shown.TextLang = text, lang
	}
	if err := p.show(w, r, status, "error", shown); err != nil {
		panic(err) // the tests render it for every code
	}
}
