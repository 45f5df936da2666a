package chain

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/verify"
)

// servedBy remembers who answered, and fails where the same server did twice in a row.
type servedBy struct {
	t    *testing.T
	next http.RoundTripper
	last string
	seen map[string]int
}

// RoundTrip implements http.RoundTripper.
func (s *servedBy) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := s.next.RoundTrip(r)
	if err == nil {
		server := a.Header.Get("X-Served-By")
		if server == "" || server == s.last {
			s.t.Errorf("%s %s was served by %q, and so was the call before", r.Method, r.URL.Path, server)
		}
		s.last = server
		s.seen[server]++
	}
	return a, err
}

// Each call of the way, the browser's too, lands on another server than the last.
func TestARequestBegunAtOneReplicaIsFinishedAtAnother(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	instance := c.instance(t)
	for range replicas { // so that each begins one
		a := c.agent(t, instance)
		by := &servedBy{t: t, next: a.client.Transport, seen: map[string]int{}}
		a.client = &http.Client{Transport: by, CheckRedirect: a.client.CheckRedirect}
		i := a.attested()
		mustHold(t, a.report(map[string]string{"attestation": i.Full, "expect_handle": a.handle}))
		mustHold(t, a.report(map[string]string{"handle": a.handle}))
		first := a.issue().want(http.StatusCreated)
		if again := a.issue().want(http.StatusCreated); again.text != first.text {
			t.Errorf("asked again, another server answers:\n%s\n%s", first.text, again.text)
		}
		a.ask().refused(http.StatusConflict, "account_has_badge", "/handle")
		if len(by.seen) != replicas {
			t.Errorf("the way went by %v", by.seen)
		}
		if n := len(c.mailbox.Messages(a.mailbox)); n > 2 {
			t.Errorf("%d mails, want the code and the notice", n)
		}
		a.get("/v1/agencies") // one call more, so that the next agent begins elsewhere
	}
	if n := c.number(t, `SELECT count(*) FROM events WHERE kind = 'key_announced'`); n != 2 {
		t.Errorf("%d signing keys were announced: the issuer was founded more than once", n)
	}
}

// persistent comes back when it is told to, as a client should.
type persistent struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p persistent) RoundTrip(r *http.Request) (*http.Response, error) {
	for until := time.Now().Add(patience); ; {
		a, err := p.RoundTripper.RoundTrip(r)
		if err != nil || a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || time.Now().After(until) {
			return a, err
		}
		_ = a.Body.Close()
		<-time.After(100 * time.Millisecond)
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// Servers that meet an instance for the first time at the same moment.
func TestManyAgentsAtManyReplicasAtOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	const instances, each = 2, 4
	var mu sync.Mutex
	indices := map[int64]bool{}
	var all sync.WaitGroup
	for range instances {
		instance := c.instance(t)
		for range each {
			a := c.agent(t, instance)
			a.client = &http.Client{Transport: persistent{a.client.Transport}, CheckRedirect: a.client.CheckRedirect}
			all.Go(func() {
				i := a.attested()
				mu.Lock()
				defer mu.Unlock()
				claims, err := verify.Peek(i.Public)
				if err != nil {
					t.Error(err)
				}
				indices[claims.StatusIndex] = true
			})
		}
	}
	all.Wait()
	if len(indices) != instances*each {
		t.Errorf("%d agents have %d indices", instances*each, len(indices))
	}
}

// browser keeps cookies and sends forms.
type browser struct {
	visitor
	cookies map[string]string
}

// open goes to a page, and on to where it leads.
func (b *browser) open(method, path, form string) answer {
	b.t.Helper()
	for range 5 {
		var jar []string
		for name, value := range b.cookies {
			jar = append(jar, name+"="+value)
		}
		a := b.do(method, path, form, "Accept: text/html", "Content-Type: application/x-www-form-urlencoded", "Cookie: "+strings.Join(jar, "; "))
		for _, c := range (&http.Response{Header: a.header}).Cookies() {
			b.cookies[c.Name] = journal.hide("cookie", c.Value)
			if c.MaxAge < 0 {
				delete(b.cookies, c.Name)
			}
		}
		if a.status != http.StatusSeeOther {
			return a.want(http.StatusOK)
		}
		method, path, form = http.MethodGet, a.header.Get("Location"), ""
	}
	b.t.Fatalf("%s leads on and on", path)
	return answer{}
}

// send sends a form of one field, whose value is text.
func (b *browser) send(path, name, text string) answer {
	b.t.Helper()
	return b.open(http.MethodPost, path, url.Values{name: {text}}.Encode())
}

var signInLink = regexp.MustCompile(`href="([^"]+/oauth/authorize[^"]+)"`)

func TestAPersonGoesOnAtAnotherReplica(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.agent(t, c.instance(t))
	by := &servedBy{t: t, next: a.client.Transport, seen: map[string]int{}}
	a.client = &http.Client{Transport: by, CheckRedirect: a.client.CheckRedirect}
	b := &browser{visitor: a.visitor, cookies: map[string]string{}}
	b.send("/request/new/account", "handle", a.handle)
	b.send("/request/new/mailbox", "email", a.mailbox)
	b.send("/request/new/proof", "proof", "oauth")
	b.send("/request/new/listing", "listed", "yes")
	page := b.send("/request/new/summary", "go", "on")
	link := signInLink.FindStringSubmatch(page.text)
	if link == nil {
		t.Fatalf("the page leads to no sign-in: %s", page.text)
	}
	a.authorizeURL = html.UnescapeString(link[1])
	path, _, _ := strings.Cut(strings.TrimPrefix(page.what, "GET "), "?")
	b.open(http.MethodGet, a.signIn(), "")
	b.send(path+"/mailbox-proof", "code", a.nextCode())
	b.send(path+"/attestation", "go", "on")
	token := strings.TrimSpace(b.open(http.MethodGet, path+"/attestation.txt", "").text)
	journal.hide("disclosure", strings.Split(token, "~")[1])
	mustHold(t, a.report(map[string]string{"attestation": token, "expect_handle": a.handle}))
	if len(by.seen) != replicas {
		t.Errorf("the way went by %v", by.seen)
	}
}

func TestLimitsCountAcrossReplicas(t *testing.T) {
	t.Parallel()
	c := newCluster(t, func(s *setup) {
		s.clock.toMorning()
		s.options.Limits.RequestsPerClient, s.options.Limits.RequestsInTotal = 4, 11
	})
	instance := c.instance(t)
	asked := 0
	for client := range 2 {
		from := fmt.Sprintf("X-Forwarded-For: 203.0.113.%d", client)
		for range 4 {
			c.agent(t, instance).ask(from).want(http.StatusCreated)
			asked++
		}
		for range replicas { // whoever is asked
			tooMany(t, c.agent(t, instance).ask(from), "too_many_requests")
		}
	}
	guessed := c.agent(t, instance)
	guessed.ask("X-Forwarded-For: 203.0.113.7").want(http.StatusCreated)
	guessed.proveAccount()
	code := guessed.nextCode()
	var wrongs, all = make(chan int, 20), sync.WaitGroup{}
	for range cap(wrongs) {
		all.Go(func() { wrongs <- guessed.typeCode(wrong(code)).status })
	}
	all.Wait()
	close(wrongs)
	told := 0
	for status := range wrongs {
		if status == http.StatusForbidden {
			told++
		}
	}
	if told > 4 {
		t.Errorf("%d guesses were told to be wrong", told)
	}
	for asked++; asked < 11; asked++ {
		c.agent(t, instance).ask(fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", asked)).want(http.StatusCreated)
	}
	for n := range replicas {
		tooMany(t, c.agent(t, instance).ask(fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", n)), "too_many_requests")
	}
}

// What many ask for at the same moment is counted once each.
func TestLimitsHoldForManyAtOnce(t *testing.T) {
	t.Parallel()
	const most, asking = 5, 24
	c := newCluster(t, func(s *setup) {
		s.clock.toMorning()
		s.options.Limits.RequestsPerClient = most
	})
	instance := c.instance(t)
	statuses := make(chan int, asking)
	var all sync.WaitGroup
	for range asking {
		a := c.agent(t, instance)
		all.Go(func() { statuses <- a.ask("X-Forwarded-For: 203.0.113.9").status })
	}
	all.Wait()
	close(statuses)
	taken := 0
	for status := range statuses {
		if status == http.StatusCreated {
			taken++
		} else if status != http.StatusTooManyRequests {
			t.Errorf("answered %d", status)
		}
	}
	if taken != most {
		t.Errorf("%d requests were taken, want %d", taken, most)
	}
}
