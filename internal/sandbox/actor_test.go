package sandbox

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestActor(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	if !regexp.MustCompile(`^` + regexp.QuoteMeta(i.BaseURL()) + `/ap/users/[0-9]{15,20}$`).MatchString(marie.ActorID()) {
		t.Errorf("id %s", marie.ActorID())
	}
	if err := marie.SetFields(
		Field{Name: "Cocarde", Value: "https://cocarde.example/b/0123456789abcdefghjkmnpq"}, Field{Name: "<b>", Value: "a < b"}); err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{activityJSON, activityLD, "text/html;q=0.5, " + activityJSON, "application/json"} {
		a := get(t, marie.ActorID(), accept)
		if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/activity+json; charset=utf-8" {
			t.Errorf("%s: %d %v", accept, a.status, a.header)
		}
	}
	doc := decode[actor](t, get(t, marie.URL(), activityJSON)) // under the page's address, with its own id
	if doc.ID != marie.ActorID() || doc.URL != marie.URL() || doc.PreferredUsername != "marie" || doc.Type != "Person" ||
		doc.PublicKey.Owner != doc.ID || doc.MovedTo != "" || doc.Suspended {
		t.Errorf("%+v", doc)
	}
	if _, err := parseKey(doc.PublicKey.PEM); err != nil {
		t.Error(err)
	}
	link := `<a href="https://cocarde.example/b/0123456789abcdefghjkmnpq" target="_blank" rel="nofollow noopener me"`
	if len(doc.Attachment) != 2 || doc.Attachment[0].Type != "PropertyValue" ||
		!strings.HasPrefix(doc.Attachment[0].Value, link) || doc.Attachment[1].Value != "a &lt; b" {
		t.Errorf("%+v", doc.Attachment)
	}
}

func TestActorStates(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	if err := marie.SetFields(Field{Name: "Web", Value: "https://cocarde.example/"}); err != nil {
		t.Fatal(err)
	}
	marie.SetMovedTo("https://elsewhere.test/ap/users/1")
	marie.SetSuspended(true)
	doc := decode[actor](t, get(t, marie.ActorID(), activityJSON))
	if doc.MovedTo != "https://elsewhere.test/ap/users/1" || !doc.Suspended || len(doc.Attachment) != 0 {
		t.Errorf("%+v", doc)
	}
	if a := get(t, marie.URL(), "text/html"); a.status != http.StatusForbidden {
		t.Errorf("page of a suspended account: %d", a.status)
	}
	marie.Delete()
	for _, address := range []string{marie.ActorID(), marie.URL()} {
		if a := get(t, address, activityJSON); a.status != http.StatusGone {
			t.Errorf("%s of a deleted account: %d", address, a.status)
		}
	}
	if a := get(t, marie.URL(), "text/html"); a.status != http.StatusGone {
		t.Errorf("page of a deleted account: %d", a.status)
	}
	for path, status := range map[string]int{
		"/ap/users/1": 404, "/@mario": 404, "/marie": 404, "/": 404, "/users/marie": 404,
	} {
		if a := get(t, i.BaseURL()+path, activityJSON); a.status != status {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestProfilePage(t *testing.T) {
	t.Parallel()
	_, marie := newTestInstance(t, InstanceOptions{})
	if err := marie.SetFields(Field{Name: "Web", Value: "https://cocarde.example/b/1"},
		Field{Name: "Not a link", Value: "see https://evil.test/"},
		Field{Name: "Not to be looked at", Value: "http://evil.test/"}); err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{"", "*/*", "text/html", "text/html, " + activityJSON + ";q=0.9"} {
		if a := get(t, marie.ActorID(), accept); a.status != http.StatusFound || a.header.Get("Location") != marie.URL() {
			t.Errorf("id for %q: %d", accept, a.status)
		}
		a := get(t, marie.URL(), accept)
		head, _, _ := strings.Cut(a.body, "</head>")
		if a.status != http.StatusOK || a.header.Get("Content-Type") != "text/html; charset=utf-8" ||
			!strings.Contains(head, `<link rel="me" type="text/html" href="https://cocarde.example/b/1"/>`) ||
			strings.Contains(head, "evil") {
			t.Errorf("page for %q: %d %s", accept, a.status, a.body)
		}
	}
	if a := get(t, marie.ActorID(), "image/png"); a.status != http.StatusNotAcceptable {
		t.Errorf("image: %d", a.status)
	}
}

func TestAddAccount(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	for _, name := range []string{"", "marie", "MARIE", "a b", "a@b", ".a", "a.", "é", strings.Repeat("a", 31)} {
		if _, err := i.AddAccount(name, "x"); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
	other, err := i.AddAccount("jean.d_arc", "x")
	if err != nil || other.ID() == marie.ID() {
		t.Errorf("%v %v", other, err)
	}
	if marie.SetFields(make([]Field, 5)...) == nil || marie.SetFields(Field{Name: "x", Value: strings.Repeat("é", 256)}) == nil {
		t.Error("a profile takes more than Mastodon's")
	}
}
