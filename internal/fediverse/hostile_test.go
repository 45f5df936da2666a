package fediverse

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/safehttp"
)

// page is one answer of a hostile server. In text, GOOD and EVIL stand for its
// two hosts.
type page struct {
	status   int // 200 if 0
	kind     string
	text     string
	location string
	run      http.HandlerFunc // instead of all that
}

// site is what two hosts serve, by "HOST PATH", where WebFinger's path is
// "wf USER@HOST".
type site map[string]page

func (s site) start(t *testing.T) (real func(string) string) {
	t.Helper()
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	names := strings.NewReplacer("GOOD", "good.localhost:"+port, "EVIL", "evil.localhost:"+port)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		if resource, ok := strings.CutPrefix(r.URL.Query().Get("resource"), "acct:"); ok && strings.HasSuffix(path, "/webfinger") {
			path = "wf " + resource
		}
		for key, p := range s {
			if names.Replace(key) == r.Host+" "+path {
				p.serve(w, r, names)
				return
			}
		}
		http.NotFound(w, r)
	})
	return names.Replace
}

func (p page) serve(w http.ResponseWriter, r *http.Request, names *strings.Replacer) {
	if p.run != nil {
		p.run(w, r)
		return
	}
	w.Header().Set("Content-Type", p.kind)
	if p.location != "" {
		w.Header().Set("Location", names.Replace(p.location))
	}
	if p.status != 0 {
		w.WriteHeader(p.status)
	}
	io.WriteString(w, names.Replace(p.text))
}

func jrdPage(subject, id string) page {
	return page{kind: "application/jrd+json", text: `{"subject":"acct:` + subject + `","links":[{"rel":"self","type":"application/activity+json","href":"` + id + `"}]}`}
}

func actorPage(id, user, more string) page {
	return page{kind: activityJSON, text: `{"id":"` + id + `","type":"Person","preferredUsername":"` + user + `"` + more + `}`}
}

// honest is what a good host serves of alice; a case overwrites parts of it.
func honest(changes site) site {
	s := site{
		"GOOD wf alice@GOOD": jrdPage("alice@GOOD", "http://GOOD/u/alice"),
		"GOOD /u/alice":      actorPage("http://GOOD/u/alice", "alice", ""),
	}
	for k, p := range changes {
		s[k] = p
	}
	return s
}

func endless(kind, start, more string) page {
	return page{run: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		io.WriteString(w, start)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat(more, 4096)); err != nil {
				return
			}
		}
	}}
}

var silent = page{run: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}

func redirect(status int, to string) page { return page{status: status, location: to} }

func TestHostile(t *testing.T) {
	t.Parallel()
	const id = "http://GOOD/u/alice"
	actor := func(more string) site { return honest(site{"GOOD /u/alice": actorPage(id, "alice", more)}) }
	served := func(p page) site { return honest(site{"GOOD /u/alice": p}) }
	jrd := func(text string) site {
		return honest(site{"GOOD wf alice@GOOD": {kind: "application/jrd+json", text: text}})
	}
	self := func(href string) site { return honest(site{"GOOD wf alice@GOOD": jrdPage("alice@GOOD", href)}) }
	for name, c := range map[string]struct {
		site  site
		typed string // alice@GOOD if empty
		want  *fault.Error
		url   string // of the profile, where the actor is accepted
	}{
		"honest":                     {site: honest(nil), url: id},
		"url":                        {site: actor(`,"url":"http://GOOD/@alice"`), url: "http://GOOD/@alice"},
		"url as an object":           {site: actor(`,"url":{"type":"Link","href":"http://GOOD/@alice"}`), url: "http://GOOD/@alice"},
		"url as an array":            {site: actor(`,"url":["http://EVIL/x",{"href":"http://GOOD/@alice"}]`), url: "http://GOOD/@alice"},
		"url on another host":        {site: actor(`,"url":"http://EVIL/@alice"`), url: id},
		"url with a script":          {site: actor(`,"url":"javascript:alert(1)"`), url: id},
		"url of another kind":        {site: actor(`,"url":7`), url: id},
		"type as an array":           {site: served(page{kind: activityJSON, text: `{"id":"` + id + `","type":["x","Service"],"preferredUsername":"alice"}`}), url: id},
		"media type with parameters": {site: served(page{kind: activityJSON + "; charset=utf-8", text: `{"id":"` + id + `","type":"Person","preferredUsername":"alice"}`}), url: id},
		"two self links":             {site: jrd(`{"subject":"acct:alice@GOOD","links":[{"rel":"self","type":"application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"","href":"` + id + `"},{"rel":"self","type":"application/activity+json","href":"` + id + `"}]}`), url: id},
		"redirect of the actor, on its host": {site: honest(site{
			"GOOD /u/alice": redirect(301, "http://GOOD/u/1"), "GOOD /u/1": actorPage(id, "alice", "")}), url: id},
		"redirect of WebFinger": {site: honest(site{
			"GOOD wf alice@GOOD": redirect(302, "http://EVIL/.well-known/webfinger?resource=acct:alice@GOOD"),
			"EVIL wf alice@GOOD": jrdPage("alice@GOOD", id)}), url: id},
		"host-meta": {site: honest(site{
			"GOOD wf alice@GOOD":          {status: 404},
			"GOOD /.well-known/host-meta": {kind: "application/xrd+xml", text: `<?xml version="1.0"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" template="http://EVIL/x/webfinger?resource={uri}"/></XRD>`},
			"EVIL wf alice@GOOD":          jrdPage("alice@GOOD", id)}), url: id},

		"host-meta leads back":          {site: honest(site{"GOOD wf alice@GOOD": {status: 404}, "GOOD /.well-known/host-meta": {text: `<XRD><Link rel="lrdd" template="http://GOOD/.well-known/webfinger?resource={uri}"/></XRD>`}}), want: ErrHandleNotFound},
		"host-meta is a page":           {site: honest(site{"GOOD wf alice@GOOD": {status: 404}, "GOOD /.well-known/host-meta": {text: "<!doctype html><p>hello"}}), want: ErrHandleNotFound},
		"host-meta leads inside":        {site: honest(site{"GOOD wf alice@GOOD": {status: 404}, "GOOD /.well-known/host-meta": {text: `<XRD><Link rel="lrdd" template="http://10.0.0.1/{uri}"/></XRD>`}}), want: ErrAnswer},
		"host-meta without end":         {site: honest(site{"GOOD wf alice@GOOD": {status: 404}, "GOOD /.well-known/host-meta": endless("application/xrd+xml", "<XRD>", "<a/>")}), want: safehttp.ErrTooLarge},
		"nothing there":                 {site: site{}, want: ErrHandleNotFound},
		"gone":                          {site: honest(site{"GOOD wf alice@GOOD": {status: 410}}), want: ErrHandleGone},
		"WebFinger fails":               {site: honest(site{"GOOD wf alice@GOOD": {status: 503}}), want: ErrInstance},
		"WebFinger is a page":           {site: honest(site{"GOOD wf alice@GOOD": {kind: "text/html", text: `{"subject":"acct:alice@GOOD"}`}}), want: ErrAnswer},
		"WebFinger redirects for ever":  {site: honest(site{"GOOD wf alice@GOOD": redirect(302, "http://GOOD/.well-known/webfinger?resource=acct:alice@GOOD")}), want: safehttp.ErrRedirectRefused},
		"WebFinger redirects inside":    {site: honest(site{"GOOD wf alice@GOOD": redirect(302, "http://10.0.0.1/")}), want: safehttp.ErrAddressRefused},
		"WebFinger without end":         {site: honest(site{"GOOD wf alice@GOOD": endless("application/jrd+json", `{"subject":"`, "a")}), want: safehttp.ErrTooLarge},
		"WebFinger is silent":           {site: honest(site{"GOOD wf alice@GOOD": silent}), want: safehttp.ErrUnreachable},
		"no JSON":                       {site: jrd(`{"subject":`), want: ErrAnswer},
		"trailing bytes":                {site: jrd(`{"subject":"acct:alice@GOOD"} {}`), want: ErrAnswer},
		"deep JSON":                     {site: jrd(strings.Repeat(`[`, 60000)), want: ErrAnswer},
		"no subject":                    {site: jrd(`{"links":[{"rel":"self","type":"application/activity+json","href":"` + id + `"}]}`), want: ErrAnswer},
		"subject without scheme":        {site: jrd(`{"subject":"alice@GOOD","links":[{"rel":"self","type":"application/activity+json","href":"` + id + `"}]}`), want: ErrAnswer},
		"no link":                       {site: jrd(`{"subject":"acct:alice@GOOD"}`), want: ErrActorType},
		"link to a page":                {site: jrd(`{"subject":"acct:alice@GOOD","links":[{"rel":"self","type":"text/html","href":"` + id + `"}]}`), want: ErrActorType},
		"ld+json without profile":       {site: jrd(`{"subject":"acct:alice@GOOD","links":[{"rel":"self","type":"application/ld+json","href":"` + id + `"}]}`), want: ErrActorType},
		"subject of another user":       {site: honest(site{"GOOD wf alice@GOOD": jrdPage("bob@GOOD", id), "GOOD wf bob@GOOD": jrdPage("bob@GOOD", id)}), want: ErrActorMismatch},
		"subjects in a circle":          {site: honest(site{"GOOD wf alice@GOOD": jrdPage("bob@GOOD", id), "GOOD wf bob@GOOD": jrdPage("alice@GOOD", id)}), want: ErrActorMismatch},
		"second subject unknown":        {site: honest(site{"GOOD wf alice@GOOD": jrdPage("bob@EVIL", id)}), want: ErrHandleNotFound},
		"id with a port":                {site: self("http://good.example:8443/u/alice"), want: ErrAnswer},
		"id over http":                  {site: self("http://good.example/u/alice"), want: ErrAnswer},
		"id with a user":                {site: self("http://x@GOOD/u/alice"), want: ErrAnswer},
		"id with a fragment":            {site: self(id + "#me"), want: ErrAnswer},
		"id at an address":              {site: self("https://192.0.2.1/u/alice"), want: ErrAnswer},
		"id in capitals":                {site: self("http://good.LOCALHOST/u/alice"), want: ErrAnswer},
		"id without host":               {site: self("/u/alice"), want: ErrAnswer},
		"id too long":                   {site: self(id + strings.Repeat("x", 3000)), want: ErrAnswer},
		"actor not found":               {site: self("http://GOOD/u/none"), want: ErrHandleNotFound},
		"actor gone":                    {site: served(page{status: 410}), want: ErrHandleGone},
		"actor fails":                   {site: served(page{status: 500}), want: ErrInstance},
		"actor refused, signed too":     {site: served(page{status: 401}), want: ErrInstance},
		"actor as a page":               {site: served(page{kind: "text/html", text: `{"id":"` + id + `"}`}), want: ErrActorType},
		"actor as JSON":                 {site: served(page{kind: "application/json", text: actorPage(id, "alice", "").text}), want: ErrActorType},
		"actor as an upload":            {site: served(page{kind: "application/octet-stream", text: actorPage(id, "alice", "").text}), want: ErrActorType},
		"actor as ld+json of no kind":   {site: served(page{kind: "application/ld+json", text: actorPage(id, "alice", "").text}), want: ErrActorType},
		"actor with two media types":    {site: served(page{kind: "text/plain, application/activity+json", text: actorPage(id, "alice", "").text}), want: ErrActorType},
		"actor without media type":      {site: served(page{text: actorPage(id, "alice", "").text}), want: ErrActorType},
		"actor with another id":         {site: served(actorPage("http://GOOD/u/bob", "alice", "")), want: ErrActorMismatch},
		"actor with an id elsewhere":    {site: served(actorPage("http://EVIL/u/alice", "alice", "")), want: ErrActorMismatch},
		"actor is a note":               {site: served(page{kind: activityJSON, text: `{"id":"` + id + `","type":"Note","preferredUsername":"alice"}`}), want: ErrActorType},
		"actor without name":            {site: served(actorPage(id, "", "")), want: ErrAnswer},
		"actor with an impossible name": {site: served(actorPage(id, "a@b", "")), want: ErrAnswer},
		"actor with another name":       {site: served(actorPage(id, "bob", "")), want: ErrActorMismatch},
		"actor redirects elsewhere":     {site: honest(site{"GOOD /u/alice": redirect(302, "http://EVIL/u/alice"), "EVIL /u/alice": actorPage(id, "alice", "")}), want: safehttp.ErrRedirectRefused},
		"actor without end":             {site: served(endless(activityJSON, `{"id":"`, "a")), want: safehttp.ErrTooLarge},
		"actor is silent":               {site: served(silent), want: safehttp.ErrUnreachable},
		"actor is huge":                 {site: served(actorPage(id, "alice", `,"summary":"`+strings.Repeat("a", 1<<20)+`"`)), want: safehttp.ErrTooLarge},
		"suspended":                     {site: actor(`,"suspended":true`), want: ErrSuspended},
		"moved":                         {site: actor(`,"movedTo":"http://EVIL/u/alice"`), want: ErrMoved},
		"moved, as an object":           {site: actor(`,"movedTo":{"id":"http://EVIL/u/alice"}`), want: ErrMoved},

		"claims another host's account": {typed: "alice@EVIL", site: honest(site{
			"EVIL wf alice@EVIL": jrdPage("alice@EVIL", id)}), want: ErrActorMismatch},
		"claims another host's handle": {typed: "alice@EVIL", site: honest(site{
			"EVIL wf alice@EVIL": jrdPage("alice@GOOD", "http://EVIL/u/alice"),
			"EVIL /u/alice":      actorPage("http://EVIL/u/alice", "alice", "")}), url: id},
		"its own host names another's handle": {typed: "mallory@EVIL", site: honest(site{
			"EVIL wf mallory@EVIL": jrdPage("mallory@EVIL", "http://EVIL/u/m"),
			"EVIL wf alice@EVIL":   jrdPage("alice@GOOD", "http://EVIL/u/m"),
			"EVIL /u/m":            actorPage("http://EVIL/u/m", "alice", "")}), want: ErrActorMismatch},
		"host names another id later": {typed: "alice@EVIL", site: site{
			"EVIL wf alice@EVIL": jrdPage("alice@EVIL", "http://EVIL/u/1"),
			"EVIL /u/1":          actorPage("http://EVIL/u/1", "bob", ""),
			"EVIL wf bob@EVIL":   jrdPage("bob@EVIL", "http://EVIL/u/2")}, want: ErrActorMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			names := c.site.start(t)
			typed := c.typed
			if typed == "" {
				typed = "alice@GOOD"
			}
			limit := 10 * time.Second
			if c.want == safehttp.ErrUnreachable {
				limit = 200 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			got, err := newWorld(t).Resolve(ctx, handle(t, names(typed)))
			if c.want != nil {
				if !errors.Is(err, c.want) {
					t.Errorf("got %+v, %v (%v)", got, err, errors.Unwrap(err))
				}
				return
			}
			if err != nil {
				t.Fatalf("%v: %v", err, errors.Unwrap(err))
			}
			if got.ID != names(id) || got.URL != names(c.url) || got.Handle.String() != names("@alice@GOOD") {
				t.Errorf("got %+v", got)
			}
		})
	}
}
