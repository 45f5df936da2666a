package sandbox

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// linked is a page that profiles link to; it keeps the requests it gets.
type linked struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
}

func newLinked(t *testing.T, answer http.HandlerFunc) *linked {
	t.Helper()
	l := &linked{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.requests = append(l.requests, r)
		l.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *linked) seen() []*http.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests)
}

// turnsGreen saves an address in a profile and tells whether it is green.
func turnsGreen(t *testing.T, a *Account, address string) bool {
	t.Helper()
	if err := a.SetFields(); err != nil {
		t.Fatal(err)
	}
	if err := a.SaveFields(contextFor(t), Field{Name: "Badge", Value: address}); err != nil {
		t.Fatal(err)
	}
	return !a.Fields()[0].VerifiedAt.IsZero()
}

func TestWhichPagesLinkBack(t *testing.T) {
	t.Parallel()
	_, marie := newTestInstance(t, InstanceOptions{})
	me := marie.URL()
	upper := "HTTP://SOCIAL" + strings.TrimPrefix(me, "http://social")
	pad := func(n int) string { return "<!--" + strings.Repeat("x", n) + "-->" }
	for name, c := range map[string]struct {
		page  string
		green bool
	}{
		"link in the head":          {`<html><head><link rel="me" href="` + me + `"></head></html>`, true},
		"a in the body":             {`<p><a rel="me" href="` + me + `">x</a>`, true},
		"me among other tokens":     {`<a rel="nofollow me noopener" href="` + me + `">x</a>`, true},
		"tokens apart by newlines":  {"<a rel='nofollow\n\tme' href='" + me + "'>x</a>", true},
		"href in capitals":          {`<a rel="me" href="` + upper + `">x</a>`, true},
		"the second of two":         {`<a rel="me" href="http://127.0.0.1:1/"></a><a rel="me" href="` + me + `"></a>`, true},
		"within noscript":           {`<noscript><a rel="me" href="` + me + `">x</a></noscript>`, true},
		"just within 1 MiB":         {pad(maxLinkedPage-500) + `<a rel="me" href="` + me + `">x</a>`, true},
		"after 1 MiB":               {pad(maxLinkedPage) + `<a rel="me" href="` + me + `">x</a>`, false},
		"empty":                     {"", false},
		"no rel":                    {`<a href="` + me + `">x</a>`, false},
		"part of a token":           {`<a rel="meme" href="` + me + `">x</a>`, false},
		"token in capitals":         {`<a rel="ME" href="` + me + `">x</a>`, false},
		"another element":           {`<map><area rel="me" href="` + me + `"></map>`, false},
		"rev":                       {`<a rev="me" href="` + me + `">x</a>`, false},
		"slash at the end":          {`<a rel="me" href="` + me + `/">x</a>`, false},
		"space before":              {`<a rel="me" href=" ` + me + `">x</a>`, false},
		"the actor's id":            {`<a rel="me" href="` + marie.ActorID() + `">x</a>`, true}, // it redirects to the page
		"within a drawing":          {`<svg><a rel="me" href="` + me + `"></a></svg>`, false},
		"relative":                  {`<a rel="me" href="/@marie">x</a>`, false},
		"no href":                   {`<a rel="me">x</a>`, false},
		"within a comment":          {`<!-- <a rel="me" href="` + me + `">x</a> -->`, false},
		"made by a script":          {`<script>document.write('<a rel="me" href="` + me + `">x</a>')</script>`, false},
		"within a text area":        {`<textarea><a rel="me" href="` + me + `">x</a></textarea>`, false},
		"shown, not linked":         {`<p>rel="me" href="` + me + `"</p>`, false},
		"nested beyond all measure": {strings.Repeat("<div>", 100_000) + `<a rel="me" href="` + me + `">x</a>`, false},
	} {
		page := newLinked(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, c.page) })
		if green := turnsGreen(t, marie, page.URL+"/b/1"); green != c.green {
			t.Errorf("%s: green is %t", name, green)
		}
	}
}

func TestWhichAnswersCount(t *testing.T) {
	t.Parallel()
	_, marie := newTestInstance(t, InstanceOptions{})
	page := newLinked(t, func(w http.ResponseWriter, r *http.Request) {
		var status, hops int
		if n, _ := fmt.Sscanf(r.URL.Path, "/hops/%d", &hops); n == 1 && hops > 0 {
			http.Redirect(w, r, fmt.Sprintf("/hops/%d", hops-1), http.StatusFound)
			return
		}
		if n, _ := fmt.Sscanf(r.URL.Path, "/status/%d", &status); n == 1 {
			w.WriteHeader(status)
		}
		fmt.Fprintf(w, `<a rel="me" href="%s">x</a>`, marie.URL())
	})
	for path, want := range map[string]bool{
		"/status/200": true, "/status/201": false, "/status/206": false, "/status/304": false,
		"/status/404": false, "/status/410": false, "/status/500": false,
		"/hops/1": true, "/hops/3": true, "/hops/4": false,
	} {
		if green := turnsGreen(t, marie, page.URL+path); green != want {
			t.Errorf("%s: green is %t", path, green)
		}
	}
}

// TestWhatStandsBehindThePath: Mastodon asks for the page with its query, and keeps
// what stands behind "#" to itself.
func TestWhatStandsBehindThePath(t *testing.T) {
	t.Parallel()
	_, marie := newTestInstance(t, InstanceOptions{})
	page := newLinked(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/b/1" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `<a rel="me" href="%s">x</a>`, marie.URL())
	})
	for behind, want := range map[string]struct {
		green bool
		asked string
	}{
		"/b/1?lang=fr": {true, "/b/1?lang=fr"}, "/b/1#x": {true, "/b/1"}, "/b/1/": {false, "/b/1/"}, "/b/1.svg": {false, "/b/1.svg"},
	} {
		green := turnsGreen(t, marie, page.URL+behind)
		if asked := page.seen(); green != want.green || asked[len(asked)-1].RequestURI != want.asked {
			t.Errorf("%s: green is %t, asked for %s", behind, green, asked[len(asked)-1].RequestURI)
		}
	}
	before := len(page.seen())
	if turnsGreen(t, marie, strings.Replace(page.URL, "http:", "HTTP:", 1)+"/b/1") || len(page.seen()) != before {
		t.Error("a scheme in capitals is looked at")
	}
}

func TestHowThePageIsFetched(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	page := newLinked(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/b/1", http.StatusMovedPermanently)
			return
		}
		fmt.Fprintf(w, `<a rel="me" href="%s">x</a>`, marie.URL())
	})
	if !turnsGreen(t, marie, page.URL+"/") {
		t.Error("not green")
	}
	requests := page.seen()
	if len(requests) != 2 {
		t.Fatalf("%d requests", len(requests))
	}
	for _, r := range requests {
		h := r.Header
		if r.Method != http.MethodGet || !slices.Equal(h["Accept"], []string{"text/html"}) ||
			h.Get("User-Agent") != "Mastodon/4.6.0 (http.rb/5.3.1; +"+i.BaseURL()+"/)" ||
			h.Get("Signature") != "" || h.Get("Cookie") != "" || h.Get("Referer") != "" {
			t.Errorf("%s %v", r.Method, h)
		}
	}
}

func TestTheFirstLinkMayLeadBack(t *testing.T) {
	t.Parallel()
	_, marie := newTestInstance(t, InstanceOptions{})
	aside := newLinked(t, func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		}
	})
	link := func(to string) string { return `<a rel="me" href="` + aside.URL + `/?to=` + to + `">x</a>` }
	for name, c := range map[string]struct {
		page  string
		green bool
		looks int
	}{
		"the first leads back":   {link(marie.URL()), true, 1},
		"only the second does":   {link("/") + link(marie.URL()), false, 1},
		"it leads elsewhere":     {link("http://social.localhost/@karim"), false, 1},
		"in other letters":       {link(strings.ToUpper(marie.URL())), false, 1},
		"it does not lead":       {link(""), false, 1},
		"two steps away":         {link(aside.URL + "/?to=" + marie.URL()), false, 1},
		"a match needs no look":  {link(marie.URL()) + `<a rel="me" href="` + marie.URL() + `">x</a>`, true, 0},
		"it is no address":       {`<a rel="me" href="::">x</a>` + link(marie.URL()), false, 0},
		"it is not this machine": {`<a rel="me" href="http://192.0.2.1/">x</a>`, false, 0},
	} {
		before := len(aside.seen())
		page := newLinked(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, c.page) })
		if green := turnsGreen(t, marie, page.URL); green != c.green {
			t.Errorf("%s: green is %t", name, green)
		}
		looks := aside.seen()[before:]
		if len(looks) != c.looks || slices.ContainsFunc(looks, func(r *http.Request) bool { return r.Method != http.MethodHead }) {
			t.Errorf("%s: %d looks", name, len(looks))
		}
	}
}

func TestOnlyThisMachineIsReached(t *testing.T) {
	t.Parallel()
	_, marie := newTestInstance(t, InstanceOptions{})
	for _, address := range []string{"https://192.0.2.1/", "https://cocarde.example/", "https://[2001:db8::1]/"} {
		if turnsGreen(t, marie, address) {
			t.Errorf("%s is green", address)
		}
	}
	away := newLinked(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
	})
	if turnsGreen(t, marie, away.URL) {
		t.Error("a redirect leads away and is green")
	}
}

func TestHTTPSWithTheInstancesClient(t *testing.T) {
	t.Parallel()
	var profile string
	page := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<link rel="me" href="%s">`, profile)
	}))
	page.Config.ErrorLog = log.New(io.Discard, "", 0)
	page.StartTLS()
	t.Cleanup(page.Close)
	_, knows := newTestInstance(t, InstanceOptions{Client: page.Client()})
	profile = knows.URL()
	if !turnsGreen(t, knows, page.URL) {
		t.Error("not green")
	}
	_, stranger := newTestInstance(t, InstanceOptions{})
	profile = stranger.URL()
	if turnsGreen(t, stranger, page.URL) {
		t.Error("an unknown certificate is taken")
	}
}

func TestSlowPagesAreLeft(t *testing.T) {
	t.Parallel()
	const profile = "http://social.localhost/@marie"
	link := `<a rel="me" href="` + profile + `">x</a>`
	page := newLinked(t, func(w http.ResponseWriter, r *http.Request) {
		rest := time.NewTicker(20 * time.Millisecond)
		defer rest.Stop()
		drops := map[string]int{"/drops": 15, "/drip": 1 << 20}[r.URL.Path]
		for range drops {
			io.WriteString(w, "<p>")
			w.(http.Flusher).Flush()
			select {
			case <-rest.C:
			case <-r.Context().Done():
				return
			}
		}
		if r.URL.Path == "/stalled" {
			io.WriteString(w, link)
			w.(http.Flusher).Flush()
		}
		if r.URL.Path == "/stalled" || r.URL.Path == "/silent" {
			<-r.Context().Done()
		}
		io.WriteString(w, link)
	})
	const short = 200 * time.Millisecond
	for name, c := range map[string]struct {
		path        string
		read, total time.Duration
		green       bool
	}{
		"drop by drop":        {"/drops", short, time.Minute, true},
		"silent too long":     {"/silent", short, time.Minute, false},
		"stalled in the body": {"/stalled", short, time.Minute, false},
		"never at an end":     {"/drip", time.Minute, short, false},
	} {
		ctx := contextFor(t)
		checker := &linkChecker{transport: LoopbackClient().Transport, read: c.read, total: c.total}
		if err := checker.check(ctx, page.URL+c.path, profile); (err == nil) != c.green {
			t.Errorf("%s: %v", name, err)
		}
		if ctx.Err() != nil {
			t.Errorf("%s: it is the test that ended", name)
		}
	}
	i, _ := newTestInstance(t, InstanceOptions{})
	if i.links.read != 10*time.Second || i.links.total != 30*time.Second {
		t.Errorf("%s, %s", i.links.read, i.links.total)
	}
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	_, marie := newTestInstance(t, InstanceOptions{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if turnsGreen(t, marie, "http://"+listener.Addr().String()+"/") {
		t.Error("nobody there, and green")
	}
}

func TestSaveEndsWithItsContext(t *testing.T) {
	t.Parallel()
	_, marie := newTestInstance(t, InstanceOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	page := newLinked(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if err := marie.SaveFields(ctx, Field{Name: "Badge", Value: page.URL}); err == nil {
		t.Error("no error")
	}
}

func FuzzRelMeLinks(f *testing.F) {
	f.Add(`<a rel="me" href="https://a.test/">`)
	f.Add(`<svg><a rel="me" href="x"></svg><template><link rel=me>`)
	f.Fuzz(func(t *testing.T, page string) {
		links, err := relMeLinks(strings.NewReader(page))
		if err == nil && len(links) > 0 && !strings.Contains(page, "e") && !strings.Contains(page, "&") {
			t.Errorf("%q has links %q", page, links)
		}
	})
}
