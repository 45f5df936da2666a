package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func finger(t *testing.T, i *Instance, resource string) answer {
	t.Helper()
	return get(t, i.BaseURL()+"/.well-known/webfinger?resource="+url.QueryEscape(resource), "application/jrd+json")
}

func selfLinks(found jrd) []jrdLink {
	return slices.DeleteFunc(found.Links, func(l jrdLink) bool { return l.Rel != "self" })
}

func TestWebFinger(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	host := i.LocalDomain()
	if !strings.HasPrefix(i.BaseURL(), "http://social.localhost:") || i.BaseURL() != "http://"+host {
		t.Errorf("lives at %s as %s", i.BaseURL(), host)
	}
	for _, resource := range []string{
		"acct:marie@" + host, "acct:MARIE@" + strings.ToUpper(host), "marie@" + host, marie.URL(), marie.ActorID(),
	} {
		a := finger(t, i, resource)
		if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/jrd+json; charset=utf-8" ||
			a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %v", resource, a.status, a.header)
			continue
		}
		found := decode[jrd](t, a)
		if found.Subject != "acct:marie@"+host || !slices.Equal(found.Aliases, []string{marie.URL(), marie.ActorID()}) {
			t.Errorf("%s: %+v", resource, found)
		}
		profile := jrdLink{Rel: "http://webfinger.net/rel/profile-page", Type: "text/html", Href: marie.URL()}
		if !slices.Contains(found.Links, profile) ||
			!slices.Equal(selfLinks(found), []jrdLink{{Rel: "self", Type: activityJSON, Href: marie.ActorID()}}) {
			t.Errorf("%s: %+v", resource, found.Links)
		}
	}
}

func TestWebFingerRefusals(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	host := i.LocalDomain()
	for resource, status := range map[string]int{
		"":                                400,
		"garbage":                         400,
		"acct:marie":                      400,
		"acct:mario@" + host:              404,
		"acct:@marie@" + host:             404,
		"acct:marie@other.localhost":      404,
		"acct:marie@" + host + "@evil":    404,
		i.BaseURL() + "/@mario":           404,
		i.BaseURL() + "/ap/users/1":       404,
		i.BaseURL() + "/nothing":          404,
		"https://elsewhere.test/@marie":   404,
		"acct:" + strings.Repeat("x@", 9): 404,
	} {
		if a := finger(t, i, resource); a.status != status {
			t.Errorf("%q: %d, want %d", resource, a.status, status)
		}
	}
	marie.Delete()
	if a := finger(t, i, "acct:marie@"+host); a.status != http.StatusGone {
		t.Errorf("deleted: %d", a.status)
	}
}

func TestSplitDomain(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{LocalDomain: "culture.localhost"})
	_, port, _ := strings.Cut(strings.TrimPrefix(i.BaseURL(), "http://"), ":")
	if marie.Handle() != "@marie@culture.localhost:"+port {
		t.Errorf("handle %s", marie.Handle())
	}
	query := "/.well-known/webfinger?resource=acct%3Amarie%40culture.localhost%3A" + port
	a := get(t, "http://"+i.LocalDomain()+query, "")
	if a.status != http.StatusMovedPermanently || a.header.Get("Location") != i.BaseURL()+query {
		t.Fatalf("%d to %s", a.status, a.header.Get("Location"))
	}
	for _, host := range []string{i.LocalDomain(), "social.localhost:" + port} {
		if found := decode[jrd](t, finger(t, i, "acct:marie@"+host)); found.Subject != "acct:marie@"+i.LocalDomain() {
			t.Errorf("%s: subject %s", host, found.Subject)
		}
	}
	if a := get(t, "http://"+i.LocalDomain()+"/@marie", ""); a.status != http.StatusNotFound {
		t.Errorf("profile on the handles' host: %d", a.status)
	}
}

func TestLDJSONOnly(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{LDJSONOnly: true})
	found := decode[jrd](t, finger(t, i, "acct:marie@"+i.LocalDomain()))
	want := []jrdLink{{Rel: "self", Type: `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`, Href: marie.ActorID()}}
	if !slices.Equal(selfLinks(found), want) {
		t.Errorf("%+v", found.Links)
	}
}

func TestHostMeta(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	a := get(t, i.BaseURL()+"/.well-known/host-meta", "")
	template := `<Link rel="lrdd" template="` + i.BaseURL() + `/.well-known/webfinger?resource={uri}">`
	if a.header.Get("Content-Type") != "application/xrd+xml; charset=utf-8" || !strings.Contains(a.body, template) {
		t.Errorf("%v %s", a.header, a.body)
	}
}
