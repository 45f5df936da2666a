package sandbox

import (
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
)

type profileRow struct {
	Name    string
	HTML    template.HTML
	Checked string // the day when the link was seen to lead back; "" if it was not
}

// profile serves /@user: the page, or the actor for who asks for JSON.
func (i *Instance) profile(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.PathValue("profile"), "@")
	if !ok {
		i.refuse(w, r, http.StatusNotFound, "Record not found")
		return
	}
	a, found := i.byName(name)
	switch negotiate(r.Header) {
	case "json":
		i.serveActor(w, r, a, found)
	case "html":
		i.serveProfile(w, r, a, found)
	default:
		writeError(w, http.StatusNotAcceptable, "Not acceptable")
	}
}

// serveProfile shows the page. Only the owner's own fields become rel="me"
// links in its head; what strangers wrote stands in the body as they wrote it.
func (i *Instance) serveProfile(w http.ResponseWriter, r *http.Request, a snapshot, found bool) {
	switch {
	case !found:
		i.refuse(w, r, http.StatusNotFound, "Record not found")
		return
	case a.deleted:
		i.refuse(w, r, http.StatusGone, "Gone")
		return
	case a.suspended:
		i.refuse(w, r, http.StatusForbidden, "This account is suspended")
		return
	}
	data := struct {
		frame
		Name, Handle, ActorID string
		Links                 []string
		Fields                []profileRow
		Replies               []template.HTML
	}{
		frame: i.frame(a.username + " (" + a.Handle() + ")"), Name: a.username, Handle: a.Handle(),
		ActorID: a.ActorID(), Replies: a.replies,
	}
	for _, f := range a.fields {
		data.Fields = append(data.Fields, profileRow{f.Name, template.HTML(fieldHTML(f.Value)), day(f.VerifiedAt)})
		if verifiable(f.Value) {
			data.Links = append(data.Links, f.Value)
		}
	}
	w.Header().Set("Vary", "Accept")
	profilePage.write(w, http.StatusOK, data)
}

// day is a date as pages show it, "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 January 2006")
}

// AddReply puts a stranger's reply on an account's profile page, its HTML as
// it is given: what some servers do, forged rel="me" links and all.
func (i *Instance) AddReply(to *Account, html string) {
	to.update(func() { to.replies = append(slices.Clip(to.replies), template.HTML(html)) })
}
