package sandbox

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// shownChars is how much of a link a profile shows.
const shownChars = 30

// actor is the ActivityPub document of an account.
type actor struct {
	Context           []any           `json:"@context"`
	ID                string          `json:"id"`
	Type              string          `json:"type"`
	Inbox             string          `json:"inbox"`
	Outbox            string          `json:"outbox"`
	Followers         string          `json:"followers"`
	Following         string          `json:"following"`
	PreferredUsername string          `json:"preferredUsername"`
	Name              string          `json:"name"`
	Summary           string          `json:"summary"`
	URL               string          `json:"url"`
	Published         string          `json:"published"`
	MovedTo           string          `json:"movedTo,omitempty"`
	Suspended         bool            `json:"suspended,omitempty"`
	PublicKey         publicKey       `json:"publicKey"`
	Attachment        []propertyValue `json:"attachment"`
}

type publicKey struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	PEM   string `json:"publicKeyPem"`
}

type propertyValue struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

func newActor(a snapshot) actor {
	id := a.ActorID()
	doc := actor{
		Context: []any{
			"https://www.w3.org/ns/activitystreams",
			"https://w3id.org/security/v1",
			map[string]string{
				"schema":        "http://schema.org#",
				"PropertyValue": "schema:PropertyValue",
				"value":         "schema:value",
				"toot":          "http://joinmastodon.org/ns#",
				"suspended":     "toot:suspended",
			},
		},
		ID: id, Type: "Person",
		Inbox: id + "/inbox", Outbox: id + "/outbox", Followers: id + "/followers", Following: id + "/following",
		PreferredUsername: a.username,
		URL:               a.URL(),
		Published:         a.created.UTC().Truncate(24 * time.Hour).Format(time.RFC3339),
		MovedTo:           a.movedTo,
		Suspended:         a.suspended,
		PublicKey:         publicKey{ID: id + "#main-key", Owner: id, PEM: a.keyPEM},
		Attachment:        []propertyValue{},
	}
	if a.suspended { // of a suspended account nothing but the frame is shown
		return doc
	}
	doc.Name = a.username
	for _, f := range a.fields {
		doc.Attachment = append(doc.Attachment, propertyValue{"PropertyValue", f.Name, fieldHTML(f.Value)})
	}
	return doc
}

// fieldHTML is a field's value as Mastodon shows it: a link if it is only an
// address, else plain text.
func fieldHTML(value string) string {
	if !isLink(value) {
		return html.EscapeString(value)
	}
	scheme, rest, _ := strings.Cut(value, "://")
	shown := `<span class="">` + html.EscapeString(rest) + `</span>`
	if chars := []rune(rest); len(chars) > shownChars {
		shown = `<span class="ellipsis">` + html.EscapeString(string(chars[:shownChars])) + `</span>` +
			`<span class="invisible">` + html.EscapeString(string(chars[shownChars:])) + `</span>`
	}
	return `<a href="` + html.EscapeString(value) + `" target="_blank" rel="nofollow noopener me" translate="no">` +
		`<span class="invisible">` + scheme + `://</span>` + shown + `</a>`
}

// isLink tells whether a value is nothing but a web address.
func isLink(value string) bool {
	u, err := url.Parse(value)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil &&
		u.String() == value
}

// actorByID serves /ap/users/{id}: the actor for who asks for JSON, else the
// way to the profile page.
func (i *Instance) actorByID(w http.ResponseWriter, r *http.Request) {
	a, ok := i.byID(r.PathValue("id"))
	switch negotiate(r.Header) {
	case "json":
		i.serveActor(w, r, a, ok)
	case "html":
		if !ok {
			i.refuse(w, r, http.StatusNotFound, "Record not found")
			return
		}
		w.Header().Set("Vary", "Accept")
		http.Redirect(w, r, a.URL(), http.StatusFound)
	default:
		writeError(w, http.StatusNotAcceptable, "Not acceptable")
	}
}

// serveActor answers with the actor's JSON; in secure mode only to a signed
// request, whether or not there is such an account.
func (i *Instance) serveActor(w http.ResponseWriter, r *http.Request, a snapshot, ok bool) {
	w.Header().Set("Vary", "Accept, Signature")
	w.Header().Set("Cache-Control", "max-age=180, public")
	if i.secureMode() {
		w.Header().Set("Cache-Control", "private, no-store")
		if err := i.signatures.verify(r); err != nil {
			writeError(w, http.StatusUnauthorized, err.Error())
			return
		}
	}
	switch {
	case !ok:
		notFound(w)
	case a.deleted:
		writeError(w, http.StatusGone, "Gone")
	default:
		writeJSON(w, http.StatusOK, activityJSON, newActor(a))
	}
}

func (i *Instance) secureMode() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.secure
}
