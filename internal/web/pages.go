package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
	"cocarde.example/internal/locale"
)

//go:embed templates
var templateFiles embed.FS

// policy lets a page have our style sheet, our pictures and forms to ourselves,
// nothing else.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Pages renders pages. It is safe for concurrent use.
type Pages struct {
	look      Look
	style     static
	contract  func() (contract, error)
	templates sync.Map // name to *template.Template
}

// NewPages makes the pages of an issuer. Templates and texts are parsed when
// somebody first asks for them, and so is contractText, which is openapi.yaml.
func NewPages(contractText []byte, look Look) (*Pages, error) {
	own, err := palette(look.Colours)
	if err != nil {
		return nil, err
	}
	style, err := newStatic("style.css", "text/css; charset=utf-8", own)
	if err != nil {
		return nil, err
	}
	return &Pages{
		look: look, style: style,
		contract: sync.OnceValues(func() (contract, error) { return parseContract(contractText) }),
	}, nil
}

// template gives the page of a name, inside the layout.
func (p *Pages) template(name string) (*template.Template, error) {
	if t, ok := p.templates.Load(name); ok {
		return t.(*template.Template), nil
	}
	t, err := template.New("layout.html").Funcs(template.FuncMap{"prose": prose}).
		ParseFS(templateFiles, "templates/layout.html", "templates/*parts.html", "templates/"+name+".html")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	p.templates.Store(name, t)
	return t, nil
}

// render gives a page whole.
func (p *Pages) render(name string, pg page) ([]byte, error) {
	t, err := p.template(name)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if err := t.Execute(&body, pg); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return body.Bytes(), nil
}

// show renders a page whole before any of it is sent.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, name string, data any) error {
	pg := p.newPage(r, data)
	body, err := p.render(name, pg)
	if err != nil {
		return err
	}
	pageHeaders(w.Header(), pg.Lang)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a reader who has gone away is no concern of ours
	return nil
}

func pageHeaders(h http.Header, lang string) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Set("Content-Security-Policy", policy)
	h.Add("Vary", "Accept-Language")
}

// refusal is what the error page tells.
type refusal struct {
	Status    int
	Title     string
	Text      string
	TextLang  string
	Code      string
	RequestID string
	SignIn    bool // a sign-in for a request went wrong
}

// ErrorPage shows a refusal, in the reader's language where the code is known.
func (p *Pages) ErrorPage(w http.ResponseWriter, r *http.Request, status int, f *fault.Error) {
	shown := refusal{
		Status: status, Code: f.Code, RequestID: front.RequestID(r.Context()),
		SignIn: strings.HasPrefix(r.URL.Path, callbackPath),
	}
	shown.Title, shown.Text, shown.TextLang = locale.Refusal(p.languageOf(r), f.Code, f.Message)
	if err := p.show(w, r, status, "error", shown); err != nil {
		panic(err) // the tests render it for every code
	}
}
