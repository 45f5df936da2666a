package published_test

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/locale"
	"cocarde.example/internal/published"
	"cocarde.example/internal/statuslist"
	"cocarde.example/keys"
)

const origin = "https://cocarde.example.org:8443"

var began = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

// memory is the store's part in publishing.
type memory struct {
	lists     []statuslist.List
	artefacts map[string]statuslist.Artefact
	asked     []string
	err       error
}

func (m *memory) Lists(context.Context) ([]statuslist.List, error) {
	m.asked = append(m.asked, "lists")
	return m.lists, m.err
}

func (m *memory) Artefact(_ context.Context, path string) (statuslist.Artefact, bool, error) {
	m.asked = append(m.asked, path)
	a, ok := m.artefacts[path]
	return a, ok, m.err
}

type world struct {
	*published.Shelf
	store *memory
	now   time.Time
	ring  *keys.Ring
	keys  []keys.Key
}

func newWorld(t *testing.T) *world {
	t.Helper()
	secret, err := keys.CreateSecret(t.TempDir() + "/secret")
	must(t, err)
	_, data := keys.NewDataKeys(secret)
	all, err := keys.FirstKeys(data.Sealing, began)
	must(t, err)
	old, err := keys.FirstKeys(data.Sealing, began)
	must(t, err)
	revoked := old[1]
	revoked.State, revoked.RevokedAt, revoked.Reason = keys.Revoked, began, "compromised"
	all = append(all, revoked)
	ring, err := keys.NewRing(all, func(k keys.Key) (crypto.Signer, error) { return k.Open(data.Sealing) })
	must(t, err)
	w := &world{store: &memory{artefacts: map[string]statuslist.Artefact{}}, now: began, ring: ring, keys: all}
	w.Shelf = published.NewShelf(published.Issuer{Origin: origin, ActorPEM: "PEM"}, w.store, func() time.Time { return w.now })
	must(t, w.Follow(ring))
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) get(t *testing.T, path string) published.Document {
	t.Helper()
	d, ok, err := w.Document(t.Context(), path)
	if err != nil || !ok {
		t.Fatalf("%s: %v, %v", path, ok, err)
	}
	return d
}

func (w *world) object(t *testing.T, path string) map[string]any {
	t.Helper()
	var o map[string]any
	must(t, json.Unmarshal(w.get(t, path).Body, &o))
	return o
}

func TestKeysAndMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.get(t, "/.well-known/jwks.json")
	if string(d.Body) != string(w.ring.JWKS()) || d.MaxAge != time.Hour || strings.Contains(string(d.Body), `"d"`) {
		t.Errorf("%s", d.Body)
	}
	m := w.object(t, "/.well-known/jwt-vc-issuer")
	if m["issuer"] != origin || m["jwks_uri"] != origin+"/.well-known/jwks.json" {
		t.Errorf("%v", m)
	}
	revoked := m["revoked_keys"].([]any)
	if len(revoked) != 1 || revoked[0].(map[string]any)["kid"] != w.keys[2].KID || strings.Contains(string(d.Body), w.keys[2].KID) {
		t.Errorf("%v", revoked)
	}
}

// The type speaks every language of every claim, and of the mailbox as the
// one that only the agent discloses.
func TestTypeMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.object(t, "/vct/agency-mailbox/v1")
	if m["vct"] != origin+"/vct/agency-mailbox/v1" || len(m["display"].([]any)) != len(locale.Languages()) {
		t.Errorf("%v", m)
	}
	disclosable := map[string]string{}
	for _, c := range m["claims"].([]any) {
		claim := c.(map[string]any)
		var path []string
		for _, p := range claim["path"].([]any) {
			path = append(path, p.(string))
		}
		disclosable[strings.Join(path, ".")] = claim["sd"].(string)
		var locales []string
		for _, d := range claim["display"].([]any) {
			shown := d.(map[string]any)
			locales = append(locales, shown["locale"].(string))
			if shown["label"] == "" || shown["description"] == "" {
				t.Errorf("%v says nothing in %s", path, shown["locale"])
			}
		}
		if !slices.Equal(locales, locale.Languages()) {
			t.Errorf("%v in %v", path, locales)
		}
	}
	want := map[string]string{"acct": "never", "agency.domain": "never", "agency.name": "never", "agency.country": "never",
		"account_proof": "never", "mailbox_proof": "never", "email": "always"}
	if !maps.Equal(disclosable, want) {
		t.Errorf("%v", disclosable)
	}
}

// The issuer is an actor that others can look up, so that it may sign its GETs.
func TestActor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.object(t, "/actor")
	key := a["publicKey"].(map[string]any)
	if a["id"] != origin+"/actor" || a["type"] != "Application" || key["id"] != published.KeyID(origin) ||
		key["owner"] != a["id"] || key["publicKeyPem"] != "PEM" || a["inbox"] != origin+"/actor/inbox" {
		t.Errorf("%v", a)
	}
	if ct := w.get(t, "/actor").ContentType; ct != "application/activity+json" {
		t.Errorf("media type %s", ct)
	}
	const acct = "acct:cocarde@cocarde.example.org:8443"
	for _, resource := range []string{acct, origin + "/actor"} {
		f := w.object(t, "/.well-known/webfinger?resource="+resource)
		self := f["links"].([]any)[0].(map[string]any)
		if f["subject"] != acct || self["rel"] != "self" || self["href"] != a["id"] || self["type"] != "application/activity+json" {
			t.Errorf("%s: %v", resource, f)
		}
	}
}

// Unknown paths are nothing, and leave nothing behind: strangers name them.
func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"", "/", "/jwks", "/vct/agency-mailbox/v2", "/.well-known/webfinger?resource=acct:other@x",
		"/.well-known/webfinger", "/statuses", "/status2/1", "/ACTOR"} {
		if _, ok, err := w.Document(t.Context(), path); ok || err != nil {
			t.Errorf("%q: %v, %v", path, ok, err)
		}
	}
	if len(w.store.asked) != 0 {
		t.Errorf("the store was asked for %v", w.store.asked)
	}
	for range 2 {
		if _, ok, err := w.Document(t.Context(), "/status/999"); ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
	}
	if len(w.store.asked) != 2 {
		t.Error("what is absent is remembered")
	}
}

func TestStatusLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	put := func(body string) {
		w.store.artefacts["/status/1"] = statuslist.Artefact{
			Path: "/status/1", ContentType: statuslist.ContentType, Body: []byte(body), SignedAt: began, ExpiresAt: began.Add(24 * time.Hour),
		}
	}
	put("one")
	first := w.get(t, "/status/1")
	if string(first.Body) != "one" || first.ContentType != statuslist.ContentType || first.MaxAge != statuslist.TTL {
		t.Errorf("%+v", first)
	}
	put("two")
	w.now = w.now.Add(999 * time.Millisecond)
	if same := w.get(t, "/status/1"); string(same.Body) != "one" || same.ETag != first.ETag || len(w.store.asked) != 1 {
		t.Errorf("%+v, asked %v", same, w.store.asked)
	}
	w.now = w.now.Add(time.Millisecond)
	if next := w.get(t, "/status/1"); string(next.Body) != "two" || next.ETag == first.ETag {
		t.Errorf("%+v", next)
	}
	w.now = began.Add(24 * time.Hour)
	if _, ok, err := w.Document(t.Context(), "/status/1"); ok || err != nil {
		t.Errorf("a list past its end is shown: %v", err)
	}
	w.store.err = errors.New("away")
	if _, _, err := w.Document(t.Context(), "/status/1"); !errors.Is(err, w.store.err) {
		t.Errorf("%v", err)
	}
}

func TestAggregation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.lists = []statuslist.List{{Number: 1}, {Number: 2}}
	if got := string(w.get(t, "/status").Body); got != `{"status_lists":["`+origin+`/status/1","`+origin+`/status/2"]}` {
		t.Error(got)
	}
}

// The same bytes have the same strong tag, from every process and at every start.
func TestETags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	again := published.NewShelf(published.Issuer{Origin: origin, ActorPEM: "PEM"}, w.store, func() time.Time { return began })
	must(t, again.Follow(w.ring))
	tags := map[string]string{}
	for _, path := range []string{"/.well-known/jwks.json", "/.well-known/jwt-vc-issuer", "/vct/agency-mailbox/v1", "/actor",
		"/.well-known/webfinger?resource=" + origin + "/actor"} {
		one := w.get(t, path)
		two, ok, err := again.Document(t.Context(), path)
		if err != nil || !ok || one.ETag != two.ETag || string(one.Body) != string(two.Body) {
			t.Errorf("%s: %s, %s", path, one.ETag, two.ETag)
		}
		if !strings.HasPrefix(one.ETag, `"`) || !strings.HasSuffix(one.ETag, `"`) || len(one.ETag) != 24 || tags[one.ETag] != "" {
			t.Errorf("%s has the tag %s, as %s", path, one.ETag, tags[one.ETag])
		}
		tags[one.ETag] = path
	}
}
