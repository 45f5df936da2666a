package sandbox

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"sync"
)

//go:embed pages
var pageFiles embed.FS

// page is one page's template, within the layout that all share.
type page struct {
	template func() *template.Template
	// leaves is for a page whose form ends elsewhere: Chromium would hold a
	// form-action of 'self' against the redirect that ends a sign-in.
	leaves bool
}

// frame is what the layout needs of every page.
type frame struct{ Title, Site string }

var (
	authorizePage = page{template: parsePage("authorize.html", "login.html"), leaves: true}
	signInPage    = page{template: parsePage("signin.html", "login.html")}
	homePage      = page{template: parsePage("home.html", "login.html")}
	profilePage   = page{template: parsePage("profile.html")}
	editorPage    = page{template: parsePage("editor.html")}
	problemPage   = page{template: parsePage("problem.html")}
	mailsPage     = page{template: parsePage("mails.html", "code.html")}
	mailPage      = page{template: parsePage("mail.html", "code.html")}
)

// parsePage parses when the page is first shown: this room is linked into servers
// that never show it.
func parsePage(files ...string) func() *template.Template {
	return sync.OnceValue(func() *template.Template {
		paths := []string{"pages/layout.html"}
		for _, file := range files {
			paths = append(paths, "pages/"+file)
		}
		return template.Must(template.ParseFS(pageFiles, paths...))
	})
}

// write answers with the page. It loads nothing but the stylesheet, runs
// nothing and may not be framed.
func (p page) write(w http.ResponseWriter, status int, data any) {
	var body bytes.Buffer
	if err := p.template().Execute(&body, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	policy := "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
	if !p.leaves {
		policy += "; form-action 'self'"
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body.Bytes())
}

// style answers with the one stylesheet.
func style(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, pageFiles, "pages/style.css")
}

// problem answers with a page for people.
func (i *Instance) problem(w http.ResponseWriter, status int, title, text string) {
	problemPage.write(w, status, struct {
		frame
		Text string
	}{i.frame(title), text})
}

func (i *Instance) frame(title string) frame { return frame{title, i.webDomain} }

// refuse answers an error: as a page to who asks for one, else as Mastodon's
// API does.
func (i *Instance) refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	if wantsPage(r) {
		i.problem(w, status, http.StatusText(status), message+".")
		return
	}
	writeError(w, status, message)
}

// wantsPage tells a browser from a program: only the one names text/html.
func wantsPage(r *http.Request) bool {
	return negotiate(r.Header) == "html" && strings.Contains(r.Header.Get("Accept"), "text/html")
}
