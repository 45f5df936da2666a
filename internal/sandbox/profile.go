package sandbox

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"
)

var profilePage = template.Must(template.New("profile").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<title>{{.Username}} ({{.Handle}})</title>
<link rel="alternate" type="application/activity+json" href="{{.ActorID}}"/>
{{range .Links}}<link rel="me" type="text/html" href="{{.}}"/>
{{end}}</head>
<body>
<h1>{{.Handle}}</h1>
<dl>{{range .Fields}}
<dt>{{.Name}}</dt><dd>{{.HTML}}</dd>{{end}}
</dl>
</body>
</html>
`))

type profileRow struct {
	Name string
	HTML template.HTML
}

// profile serves /@user: the page, or the actor for who asks for JSON.
func (i *Instance) profile(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.PathValue("profile"), "@")
	if !ok {
		notFound(w)
		return
	}
	a, found := i.byName(name)
	switch negotiate(r.Header) {
	case "json":
		i.serveActor(w, r, a, found)
	case "html":
		i.serveProfile(w, a, found)
	default:
		writeError(w, http.StatusNotAcceptable, "Not acceptable")
	}
}

// serveProfile shows the page. Only the owner's own fields become rel="me"
// links in its head.
func (i *Instance) serveProfile(w http.ResponseWriter, a snapshot, found bool) {
	switch {
	case !found:
		notFound(w)
		return
	case a.deleted:
		writeError(w, http.StatusGone, "Gone")
		return
	case a.suspended:
		writeError(w, http.StatusForbidden, "This account is suspended")
		return
	}
	page := struct {
		Username, Handle, ActorID string
		Links                     []string
		Fields                    []profileRow
	}{Username: a.Username(), Handle: a.Handle(), ActorID: a.ActorID()}
	for _, f := range a.fields {
		page.Fields = append(page.Fields, profileRow{f.Name, template.HTML(fieldHTML(f.Value))})
		if isLink(f.Value) {
			page.Links = append(page.Links, f.Value)
		}
	}
	w.Header().Set("Vary", "Accept")
	writePage(w, http.StatusOK, profilePage, page)
}

// writePage answers with a page that loads nothing and may not be framed. It
// says nothing of form-action: Chromium would hold that against the redirect
// that ends a sign-in.
func writePage(w http.ResponseWriter, status int, page *template.Template, data any) {
	var body bytes.Buffer
	if err := page.Execute(&body, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	w.Write(body.Bytes())
}
