package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// browser keeps cookies and follows redirects.
type browser struct {
	t      *testing.T
	client *http.Client
	base   string
}

func newBrowser(t *testing.T, i *Instance) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := LoopbackClient()
	client.Jar, client.CheckRedirect = jar, nil
	return &browser{t, client, i.BaseURL()}
}

func (b *browser) send(req *http.Request) answer {
	b.t.Helper()
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	resp.Header.Set("Seen-At", resp.Request.URL.Path)
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func (b *browser) open(path string) answer {
	b.t.Helper()
	return b.send(newGet(b.t, b.base+path, ""))
}

func (b *browser) submit(path string, form url.Values) answer {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(req)
}

var tokenPattern = regexp.MustCompile(`name="token" value="([^"]{43})"`)

func tokenOf(t *testing.T, page answer) string {
	t.Helper()
	found := tokenPattern.FindStringSubmatch(page.body)
	if found == nil {
		t.Fatalf("no token: %d %s", page.status, page.body)
	}
	return found[1]
}

// signIn signs in at the instance and gives the token of the editor's form.
func (b *browser) signIn(username, password string) string {
	b.t.Helper()
	token := tokenOf(b.t, b.open("/auth/sign_in"))
	page := b.submit("/auth/sign_in", url.Values{"token": {token}, "username": {username}, "password": {password}})
	if page.status != http.StatusOK || page.header.Get("Seen-At") != "/settings/profile" {
		b.t.Fatalf("signed in: %d at %s", page.status, page.header.Get("Seen-At"))
	}
	return tokenOf(b.t, page)
}

func TestSignInAtTheInstance(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	start := time.Now()
	i, marie := newTestInstance(t, InstanceOptions{Now: func() time.Time { return start.Add(time.Duration(passed.Load())) }})
	b := newBrowser(t, i)
	if a := b.open("/settings/profile"); a.header.Get("Seen-At") != "/auth/sign_in" {
		t.Errorf("the editor is open to %s", a.header.Get("Seen-At"))
	}
	page := b.open("/auth/sign_in?username=marie")
	wrong := b.submit("/auth/sign_in", url.Values{"token": {tokenOf(t, page)}, "username": {"marie"}, "password": {"no"}})
	for _, want := range []string{`aria-describedby="password-error"`, `value="marie"`, "<title>Error: ", "s3cret"} {
		if wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.body, want) {
			t.Errorf("wrong password: %d without %s", wrong.status, want)
		}
	}
	before := b.client.Jar.Cookies(mustParse(t, i.BaseURL()))[0].Value
	b.signIn("Marie", "s3cret")
	if len(i.visits.byID) != 1 {
		t.Errorf("%d visits of one browser", len(i.visits.byID))
	}
	if after := b.client.Jar.Cookies(mustParse(t, i.BaseURL())); len(after) != 1 || after[0].Value == before {
		t.Errorf("the cookie stays: %v", after)
	}
	home := b.open("/")
	if !strings.Contains(home.body, "signed in as <strong>marie</strong>") || !strings.Contains(home.body, `href="/settings/profile"`) {
		t.Errorf("%s", home.body)
	}
	if out := b.submit("/auth/sign_out", url.Values{"token": {tokenOf(t, home)}}); out.header.Get("Seen-At") != "/" ||
		strings.Contains(out.body, "signed in") {
		t.Errorf("signed out: %d %s", out.status, out.body)
	}
	b.signIn("marie", "s3cret")
	passed.Store(int64(visitLife))
	if a := b.open("/settings/profile"); a.header.Get("Seen-At") != "/auth/sign_in" {
		t.Error("a visit has no end")
	}
	b.signIn("marie", "s3cret")
	marie.SetSuspended(true)
	token := tokenOf(t, b.open("/auth/sign_in"))
	if a := b.submit("/auth/sign_in", url.Values{"token": {token}, "username": {"marie"}, "password": {"s3cret"}}); a.status != 403 {
		t.Errorf("suspended: %d", a.status)
	}
	marie.Delete()
	if a := b.open("/settings/profile"); a.header.Get("Seen-At") != "/auth/sign_in" {
		t.Error("a deleted account edits its profile")
	}
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestTheCookieIsKeptToItsHost(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	c := get(t, i.BaseURL()+"/auth/sign_in", "text/html").header.Get("Set-Cookie")
	if !strings.Contains(c, "; HttpOnly; SameSite=Lax") || strings.Contains(c, "Domain") || strings.Contains(c, "Secure") {
		t.Error(c)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	b, stranger := newBrowser(t, i), newBrowser(t, i)
	token := b.signIn("marie", "s3cret")
	foreign := tokenOf(t, stranger.open("/auth/sign_in"))
	fields := url.Values{"fields_attributes[0][name]": {"Web"}, "fields_attributes[0][value]": {"x"}}
	for _, path := range []string{"/settings/profile", "/auth/sign_out", "/auth/sign_in"} {
		for name, forged := range map[string]string{"none": "", "another's": foreign, "cut": token[1:]} {
			fields.Set("token", forged)
			if a := b.submit(path, fields); a.status != http.StatusForbidden {
				t.Errorf("%s with token %s: %d", path, name, a.status)
			}
		}
	}
	fields.Set("token", token)
	if a := post(t, i.BaseURL()+"/settings/profile", fields); a.status != http.StatusForbidden {
		t.Errorf("without the cookie: %d", a.status)
	}
	if len(marie.Fields()) != 0 {
		t.Error("a forged form was taken")
	}
	fields.Set("token", foreign)
	if a := stranger.submit("/settings/profile", fields); a.header.Get("Seen-At") != "/auth/sign_in" {
		t.Errorf("signed out: %d", a.status)
	}
	fields.Set("token", token)
	if a := b.submit("/settings/profile", fields); a.status != http.StatusOK || len(marie.Fields()) != 1 {
		t.Errorf("the true one: %d", a.status)
	}
}

func TestEditor(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	page := newLinked(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/b/1" {
			fmt.Fprintf(w, `<link rel="me" href="%s">`, marie.URL())
		}
	})
	b := newBrowser(t, i)
	token := b.signIn("marie", "s3cret")
	saved := b.submit("/settings/profile", url.Values{
		"token":                      {token},
		"fields_attributes[0][name]": {"Cocarde"}, "fields_attributes[0][value]": {page.URL + "/b/1"},
		"fields_attributes[1][name]": {"<Web>"}, "fields_attributes[1][value]": {page.URL + "/other"},
		"fields_attributes[2][name]": {""}, "fields_attributes[2][value]": {""},
		"fields_attributes[3][name]": {"Two"}, "fields_attributes[3][value]": {"see http://a.test/"},
	})
	for _, want := range []string{
		`role="status">Saved.`, "Green: checked on", `Not green: the page has no link with rel=&#34;me&#34;`,
		`&lt;Web&gt;`, "Not green: it must be a single https address",
	} {
		if saved.status != http.StatusOK || !strings.Contains(saved.body, want) {
			t.Errorf("%d without %s: %s", saved.status, want, saved.body)
		}
	}
	if again := b.open("/settings/profile"); strings.Contains(again.body, "Saved.") || strings.Contains(again.body, "Not green") {
		t.Error("the news is told twice")
	}
	profile := b.open("/@marie")
	if strings.Count(profile.body, `class="verified"`) != 1 || !strings.Contains(profile.body, "Ownership of this link was checked on") {
		t.Errorf("%s", profile.body)
	}
	wrong := b.submit("/settings/profile", url.Values{"token": {token}, "fields_attributes[1][value]": {"no label"}})
	if wrong.status != 422 || !strings.Contains(wrong.body, `value="no label"`) || !strings.Contains(wrong.body, "needs a label") ||
		!strings.Contains(wrong.body, `role="alert"`) || len(marie.Fields()) != 3 {
		t.Errorf("%d %s", wrong.status, wrong.body)
	}
	many := url.Values{"token": {token}}
	for n := range 5 {
		many.Set(fmt.Sprintf("fields_attributes[%d][name]", n), "x")
	}
	if a := b.submit("/settings/profile", many); a.status != 422 || !strings.Contains(a.body, "4 fields at most") {
		t.Errorf("five: %d", a.status)
	}
	marie.SetSuspended(true)
	if a := b.submit("/settings/profile", url.Values{"token": {token}}); a.status != 403 || len(marie.Fields()) != 3 {
		t.Errorf("suspended: %d", a.status)
	}
}

func TestVisitsAreBounded(t *testing.T) {
	t.Parallel()
	s := newVisits(time.Now)
	for range maxVisits + 10 {
		s.begin(discard{}, newGet(t, "http://social.localhost/", ""), nil)
	}
	if len(s.byID) != maxVisits {
		t.Errorf("%d", len(s.byID))
	}
}

// discard is an answer that nobody reads.
type discard struct{ http.ResponseWriter }

func (discard) Header() http.Header { return http.Header{} }

func TestReplies(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	forged := `<p>Hello <a rel="me" href="https://evil.test/b/1">x</a></p>`
	i.AddReply(marie, forged)
	page := get(t, marie.URL(), "text/html")
	head, body, _ := strings.Cut(page.body, "</head>")
	if !strings.Contains(body, forged) || strings.Contains(head, "evil") {
		t.Errorf("%s", page.body)
	}
	if csp := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'") {
		t.Error(csp)
	}
}

func TestPagesForPeople(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	for path, status := range map[string]int{"/@nobody": 404, "/x": 404, "/x/y": 404, "/ap/users/1": 404} {
		a := get(t, i.BaseURL()+path, "text/html")
		if a.status != status || !strings.Contains(a.body, `<html lang="en">`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if a := get(t, i.BaseURL()+path, "application/json"); a.status != status || !strings.HasPrefix(a.body, `{"error"`) {
			t.Errorf("%s as JSON: %d %s", path, a.status, a.body)
		}
	}
	if a := get(t, i.BaseURL()+"/style.css", ""); a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/css") {
		t.Errorf("style: %d %v", a.status, a.header)
	}
	marie.SetSuspended(true)
	if a := get(t, marie.URL(), "text/html"); a.status != 403 || !strings.Contains(a.body, "suspended") {
		t.Errorf("suspended: %d", a.status)
	}
}
