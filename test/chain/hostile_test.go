package chain

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/safehttp"
)

var (
	errTokenLives = errors.New("the token lives, or its revocation is still queued")
	errBadges     = errors.New("not one badge of the mailbox is valid")
	loopbackAddr  = netip.MustParseAddr("127.0.0.1")
)

const (
	activity = "application/activity+json"
	jrd      = "application/jrd+json"
)

// liar is a server that tells lies under a name of its own below localhost. By
// default it tells the truth of one account, eve.
type liar struct {
	host     string
	jrd      func(w http.ResponseWriter)
	actor    func(w http.ResponseWriter)
	other    http.HandlerFunc
	released chan struct{} // closed when the test is over
}

func newLiar(t *testing.T, name string) *liar {
	t.Helper()
	l := &liar{released: make(chan struct{})}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/webfinger":
			l.jrd(w)
		case "/users/eve":
			l.actor(w)
		default:
			if l.other == nil {
				http.NotFound(w, r)
				return
			}
			l.other(w, r)
		}
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(l.released) })
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	l.host = name + ".localhost:" + port
	l.jrd = l.says(jrd, l.finger("eve", l.host, l.id()))
	l.actor = l.says(activity, l.person(l.id()))
	return l
}

func (l *liar) id() string     { return "http://" + l.host + "/users/eve" }
func (l *liar) handle() string { return "@eve@" + l.host }

func (l *liar) finger(user, host, id string) string {
	return fmt.Sprintf(`{"subject":"acct:%s@%s","links":[{"rel":"self","type":%q,"href":%q}]}`, user, host, activity, id)
}

func (l *liar) person(id string) string {
	return fmt.Sprintf(`{"@context":"https://www.w3.org/ns/activitystreams","id":%q,"type":"Person","preferredUsername":"eve","url":%q}`, id, id)
}

func (l *liar) says(contentType, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", contentType)
		fmt.Fprint(w, body)
	}
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

func redirect(to string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

// endless writes until nobody reads any more.
func endless(contentType, beginning string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", contentType)
		chunk := []byte(beginning + strings.Repeat(" ", 64<<10))
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
			chunk = chunk[len(beginning):]
			beginning = ""
		}
	}
}

func TestALyingInstanceIsRefused(t *testing.T) {
	t.Parallel()
	w := shared(t)
	victim := w.agent(t, w.instance(t))
	for name, c := range map[string]struct {
		lie    func(*liar)
		status int
		code   string
	}{
		"no such account":         {func(l *liar) { l.jrd = status(404) }, 404, "handle_not_found"},
		"account gone":            {func(l *liar) { l.jrd = status(410) }, 404, "handle_gone"},
		"actor gone":              {func(l *liar) { l.actor = status(410) }, 404, "handle_gone"},
		"webfinger out of order":  {func(l *liar) { l.jrd = status(500) }, 502, "instance_error"},
		"actor out of order":      {func(l *liar) { l.actor = status(503) }, 502, "instance_error"},
		"actor refused":           {func(l *liar) { l.actor = status(401) }, 502, "instance_error"},
		"webfinger endless":       {func(l *liar) { l.jrd = endless(jrd, "{") }, 502, "response_too_large"},
		"actor endless":           {func(l *liar) { l.actor = endless(activity, "{") }, 502, "response_too_large"},
		"webfinger in a circle":   {func(l *liar) { l.jrd = redirect("/.well-known/webfinger?resource=acct:eve@" + l.host) }, 502, "redirect_refused"},
		"actor redirected away":   {func(l *liar) { l.actor = redirect(victim.account.ActorID()) }, 502, "redirect_refused"},
		"no JRD":                  {func(l *liar) { l.jrd = l.says("text/html", "<p>") }, 502, "instance_answer_invalid"},
		"broken JRD":              {func(l *liar) { l.jrd = l.says(jrd, `{"subject":`) }, 502, "instance_answer_invalid"},
		"JRD without an actor":    {func(l *liar) { l.jrd = l.says(jrd, `{"subject":"acct:eve@`+l.host+`"}`) }, 502, "actor_wrong_type"},
		"an upload as an actor":   {func(l *liar) { l.actor = l.says("application/json", l.person(l.id())) }, 502, "actor_wrong_type"},
		"an upload as ld+json":    {func(l *liar) { l.actor = l.says("application/ld+json", l.person(l.id())) }, 502, "actor_wrong_type"},
		"an image as an actor":    {func(l *liar) { l.actor = l.says("image/png", l.person(l.id())) }, 502, "actor_wrong_type"},
		"an actor of another id":  {func(l *liar) { l.actor = l.says(activity, l.person(l.id()+"/2")) }, 502, "actor_mismatch"},
		"a note as an actor":      {func(l *liar) { l.actor = l.says(activity, strings.Replace(l.person(l.id()), "Person", "Note", 1)) }, 502, "actor_wrong_type"},
		"a broken actor":          {func(l *liar) { l.actor = l.says(activity, `{"id"`) }, 502, "instance_answer_invalid"},
		"another's actor":         {func(l *liar) { l.jrd = l.says(jrd, l.finger("eve", l.host, victim.account.ActorID())) }, 502, "actor_mismatch"},
		"a look-alike subject":    {func(l *liar) { l.jrd = l.says(jrd, l.finger("еve", l.host, l.id())) }, 502, "instance_answer_invalid"},
		"no sign-in":              {func(l *liar) {}, 502, "sign_in_unsupported"},
		"sign-in at another host": {func(l *liar) { l.other = metadataElsewhere(victim.account.ActorID()) }, 502, "instance_answer_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLiar(t, "evil")
			c.lie(l)
			a := w.agent(t, w.instance(t))
			a.handle = l.handle()
			a.ask().refused(c.status, c.code, "/handle")
		})
	}
	t.Run("a handle that leads to another's is shown as that", func(t *testing.T) {
		l := newLiar(t, "evil")
		l.jrd = l.says(jrd, l.finger(victim.account.Username(), hostOf(t, victim.account.ActorID()), l.id()))
		a := w.agent(t, w.instance(t))
		a.handle = l.handle()
		if b := a.begin(); b.Handle != victim.handle || b.Actor != victim.account.ActorID() {
			t.Errorf("got %s, %s", b.Handle, b.Actor)
		}
	})
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func metadataElsewhere(elsewhere string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/oauth-authorization-server" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"token_endpoint":%q}`, elsewhere)
	}
}

func TestAnInstanceThatIsDownIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.handle = "@eve@down.localhost:" + strings.TrimPrefix(l.Addr().String(), "127.0.0.1:")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	a.ask().refused(http.StatusBadGateway, "instance_unreachable", "/handle")
}

func TestAnInstanceThatHangsIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	w := shared(t)
	l := newLiar(t, "slow")
	l.jrd = func(http.ResponseWriter) { <-l.released }
	a := w.agent(t, w.instance(t))
	a.handle = l.handle()
	start := time.Now()
	a.ask().refused(http.StatusBadGateway, "instance_unreachable", "/handle")
	if took := time.Since(start); took > 14*time.Second {
		t.Errorf("it took %v", took)
	}
}

// What serve does: nothing is loosened, and only its resolver is the sandbox's.
func TestAnIssuerOutsideOfTheDemoReachesNoPrivateAddress(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, func(s *setup) {
		s.options.Outbound = safehttp.Policy{Resolver: lookingUpAt(func() string { return w.resolver.Addr() })}
	})
	reached := newLiar(t, "inside")
	reached.jrd = func(http.ResponseWriter) { t.Error("the inside was reached") }
	_, port, _ := strings.Cut(reached.host, ":")
	for name, address := range map[string]string{
		"loopback": "127.0.0.1", "private": "10.0.0.7", "lan": "192.168.1.1", "link-local": "169.254.169.254", "shared": "100.64.0.1", "unspecified": "0.0.0.0",
	} {
		w.resolver.AddA(name+".example.net", netip.MustParseAddr(address))
		t.Run(name, func(t *testing.T) {
			a := w.agent(t, w.instance(t))
			a.handle = "@eve@" + name + ".example.net"
			a.ask().refused(http.StatusBadRequest, "instance_address_refused", "/handle")
		})
	}
	for name, handle := range map[string]string{
		"by name": "@eve@localhost:" + port, "by a name below": reached.handle(),
	} {
		t.Run(name, func(t *testing.T) {
			a := w.agent(t, w.instance(t))
			a.handle = handle
			a.ask().refused(http.StatusBadRequest, "instance_address_refused", "/handle")
		})
	}
}
