package sandbox

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
)

type jrd struct {
	Subject string    `json:"subject"`
	Aliases []string  `json:"aliases"`
	Links   []jrdLink `json:"links"`
}

type jrdLink struct {
	Rel      string `json:"rel"`
	Type     string `json:"type,omitempty"`
	Href     string `json:"href,omitempty"`
	Template string `json:"template,omitempty"`
}

// webfinger answers RFC 7033 queries: 400 for what names no account, 404 for
// one that is not here, 410 for a deleted one.
func (i *Instance) webfinger(w http.ResponseWriter, r *http.Request) {
	resource := r.URL.Query().Get("resource")
	if !strings.Contains(resource, "@") && !strings.HasPrefix(resource, i.base+"/") {
		writeError(w, http.StatusBadRequest, "Bad request")
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	a, ok := i.byResource(resource)
	switch {
	case !ok:
		notFound(w)
	case a.deleted:
		w.WriteHeader(http.StatusGone)
	default:
		w.Header().Set("Cache-Control", "max-age=259200, public")
		writeJSON(w, http.StatusOK, "application/jrd+json", i.jrd(a))
	}
}

func (i *Instance) jrd(a snapshot) jrd {
	selfType := activityJSON
	if i.ldJSONOnly {
		selfType = activityLD
	}
	return jrd{
		Subject: "acct:" + a.username + "@" + i.localDomain,
		Aliases: []string{a.URL(), a.ActorID()},
		Links: []jrdLink{
			{Rel: "http://webfinger.net/rel/profile-page", Type: "text/html", Href: a.URL()},
			{Rel: "self", Type: selfType, Href: a.ActorID()},
			{Rel: "http://ostatus.org/schema/1.0/subscribe", Template: i.base + "/authorize_interaction?uri={uri}"},
		},
	}
}

// byResource finds an account by acct:user@host, with or without the scheme,
// under either of the instance's hosts, or by one of its own addresses.
func (i *Instance) byResource(resource string) (snapshot, bool) {
	if path, ok := strings.CutPrefix(resource, i.base); ok {
		if name, ok := strings.CutPrefix(path, "/@"); ok {
			return i.byName(name)
		}
		return i.byID(strings.TrimPrefix(path, "/ap/users/"))
	}
	name, host, _ := strings.Cut(strings.TrimPrefix(resource, "acct:"), "@")
	if !strings.EqualFold(host, i.localDomain) && !strings.EqualFold(host, i.webDomain) {
		return snapshot{}, false
	}
	return i.byName(name)
}

// hostMeta is the XRD of RFC 6415, from which older readers take WebFinger's address.
func (i *Instance) hostMeta(w http.ResponseWriter, _ *http.Request) {
	type link struct {
		Rel      string `xml:"rel,attr"`
		Template string `xml:"template,attr"`
	}
	document := struct {
		XMLName xml.Name `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 XRD"`
		Link    link
	}{Link: link{"lrdd", i.base + "/.well-known/webfinger?resource={uri}"}}
	body, err := xml.Marshal(document)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/xrd+xml; charset=utf-8")
	fmt.Fprintf(w, "%s%s\n", xml.Header, body)
}

// localHost answers on the host that only names handles: it sends WebFinger
// and host-meta to the instance and knows nothing else.
func (i *Instance) localHost(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.well-known/webfinger", "/.well-known/host-meta":
		http.Redirect(w, r, i.base+r.URL.RequestURI(), http.StatusMovedPermanently)
	default:
		notFound(w)
	}
}
