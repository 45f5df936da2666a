package chain

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cocarde.example/api/contracttest"
	"cocarde.example/internal/sandbox"
	"cocarde.example/verify"
)

// visitor is anybody's HTTP client. It follows no redirect and keeps no cookie,
// and holds every exchange against the contract and the rules of the front.
type visitor struct {
	t      testing.TB
	origin string
	client *http.Client
}

func (w *world) visitor(t testing.TB) visitor {
	return visitor{t, w.origin(), contracttest.Client(t, guarded{t, direct})}
}

// guarded fails the test where an answer lacks what every answer must have.
type guarded struct {
	t    testing.TB
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": referrerPolicy(r.URL.Path), "Cross-Origin-Opener-Policy": "same-origin",
		"Content-Security-Policy": "", "Permissions-Policy": "", "Cross-Origin-Resource-Policy": "", "X-Request-Id": "", "Cache-Control": "",
	} {
		if got := a.Header.Get(name); got == "" || want != "" && got != want {
			g.t.Errorf("%s %s (%d): %s is %q", r.Method, r.URL.Path, a.StatusCode, name, got)
		}
	}
	if a.StatusCode != 200 && a.StatusCode != 304 && a.Header.Get("Cache-Control") != "no-store" {
		g.t.Errorf("%s %s: %d may be stored: %q", r.Method, r.URL.Path, a.StatusCode, a.Header.Get("Cache-Control"))
	}
	if a.Header.Get("Server") != "" || a.Header.Get("X-Powered-By") != "" {
		g.t.Errorf("%s %s says what serves it", r.Method, r.URL.Path)
	}
	return a, nil
}

// referrerPolicy is what the answers at a path must say: a form's own page is
// named to ourselves, or the browser would not say where the form comes from.
func referrerPolicy(path string) string {
	if strings.HasPrefix(path, "/request/") || path == "/verify" {
		return ""
	}
	return "no-referrer"
}

// answer is what came back.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	text   string
}

// do sends a request; headers are "Name: value". A path is the issuer's.
func (v visitor) do(method, path, body string, headers ...string) answer {
	v.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = v.origin + path
	}
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(v.t.Context()), method, address, content)
	if err != nil {
		v.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		} else {
			r.Header.Set(name, value)
		}
	}
	resp, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{v.t, method + " " + r.URL.Path, resp.StatusCode, resp.Header, string(text)}
}

func (v visitor) get(path string, headers ...string) answer {
	v.t.Helper()
	return v.do(http.MethodGet, path, "", headers...)
}

// want fails unless the status is this one.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: got %d, want %d: %.400s", a.what, a.status, status, a.text)
	}
	return a
}

// into decodes the body.
func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.text), v); err != nil {
		a.t.Fatalf("%s: %v: %.400s", a.what, err, a.text)
	}
}

// problem is what a problem document must say.
type problem struct {
	Type      string `json:"type"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Field     string `json:"field"`
	RequestID string `json:"request_id"`
}

// refused fails unless the answer is this refusal, as a problem document.
func (a answer) refused(status int, code, field string) {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: got %d, want %d %s: %.400s", a.what, a.status, status, code, a.text)
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Fatalf("%s: the refusal is %q", a.what, got)
	}
	var p problem
	a.into(&p)
	if p.Code != code || p.Field != field || p.Status != status || p.Type != "/problems/"+code {
		a.t.Fatalf("%s: got %s at %q, want %s at %q: %s", a.what, p.Code, p.Field, code, field, p.Detail)
	}
	if p.Detail == "" || p.RequestID == "" || p.RequestID != a.header.Get("X-Request-Id") {
		a.t.Errorf("%s: the problem says too little: %s", a.what, a.text)
	}
}

// retryAfter fails unless the answer says how long to wait.
func (a answer) retryAfter() {
	a.t.Helper()
	if a.header.Get("Retry-After") == "" {
		a.t.Errorf("%s: %d without Retry-After", a.what, a.status)
	}
}

// agent is a person with an account and a mailbox.
type agent struct {
	visitor
	world    *world
	account  *sandbox.Account
	password string
	handle   string
	mailbox  string
	lang     string
	method   string // of the account proof
	unlisted bool

	id, token, authorizeURL string
	cookie                  string // "name=value"
	codes                   int    // mails with a code that were read
}

// agent makes an account at an instance, and gives it a mailbox.
func (w *world) agent(t *testing.T, i *sandbox.Instance) *agent {
	t.Helper()
	name := unique("marie")
	account, err := i.AddAccount(name, "rosette-"+name)
	if err != nil {
		t.Fatal(err)
	}
	return &agent{
		visitor: w.visitor(t), world: w, account: account, password: "rosette-" + name,
		handle: account.Handle(), mailbox: journal.hide("mailbox", name+".dupont@culture.gouv.fr"), lang: "fr", method: "oauth",
	}
}

// begun is the answer to a request that has begun.
type begun struct {
	ID, Token, State, Handle, Actor string
	Agency                          struct{ Domain, Name, Country string }
	AuthorizeURL                    string `json:"authorize_url"`
	BadgeURL                        string `json:"badge_url"`
}

// ask begins a request, whatever comes of it.
func (a *agent) ask(headers ...string) answer {
	a.t.Helper()
	beginning := map[string]any{
		"handle": a.handle, "email": a.mailbox, "lang": a.lang, "account_proof": map[string]string{"method": a.method},
	}
	if a.unlisted {
		beginning["listed"] = false
	}
	body, err := json.Marshal(beginning)
	if err != nil {
		a.t.Fatal(err)
	}
	got := a.do(http.MethodPost, "/v1/requests", string(body), headers...)
	if got.status == http.StatusCreated {
		a.remember(got)
	}
	return got
}

// remember keeps what an agent's browser and program keep.
func (a *agent) remember(got answer) (b begun) {
	a.t.Helper()
	got.into(&b)
	if b.Token != "" {
		a.id, a.token = b.ID, journal.hide("request token", b.Token)
	}
	if b.AuthorizeURL != "" {
		a.authorizeURL = b.AuthorizeURL
		cookies := (&http.Response{Header: got.header}).Cookies()
		if len(cookies) != 1 {
			a.t.Fatalf("%d cookies were set", len(cookies))
		}
		c := cookies[0]
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || !strings.HasPrefix(c.Name, "__Host-") {
			a.t.Errorf("the cookie is not bound to its browser: %s", got.header.Get("Set-Cookie"))
		}
		a.cookie = c.Name + "=" + journal.hide("cookie", c.Value)
	}
	return b
}

// begin begins a request that must be taken.
func (a *agent) begin() begun {
	a.t.Helper()
	var b begun
	a.ask().want(http.StatusCreated).into(&b)
	return b
}

// call is one of the request's own calls.
func (a *agent) call(method, step, body string, headers ...string) answer {
	a.t.Helper()
	return a.do(method, "/v1/requests/"+a.id+step, body, append(headers, "Authorization: Bearer "+a.token)...)
}

func (a *agent) state() string {
	a.t.Helper()
	var b begun
	a.call(http.MethodGet, "", "").want(http.StatusOK).into(&b)
	return b.State
}

// signIn signs in at the instance, and gives the address that it sends the
// browser to.
func (a *agent) signIn() string {
	a.t.Helper()
	return a.signInAs(a.account.Username(), a.password)
}

func (a *agent) signInAs(user, password string) string {
	a.t.Helper()
	callback, err := sandbox.SignIn(a.t.Context(), sandbox.LoopbackClient(), a.authorizeURL, user, password)
	if err != nil {
		a.t.Fatal(err)
	}
	return hideQuery(a.t, callback)
}

func hideQuery(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range u.Query() {
		if name == "state" || name == "code" {
			journal.hide("callback's "+name, values[0])
		}
	}
	return address
}

// visit opens a callback in a browser that has these cookies.
func (a *agent) visit(callback string, cookies ...string) answer {
	a.t.Helper()
	headers := []string{"Accept: text/html"}
	if len(cookies) > 0 {
		headers = append(headers, "Cookie: "+strings.Join(cookies, "; "))
	}
	return a.get(callback, headers...)
}

// proveAccount signs in, in the browser that asked.
func (a *agent) proveAccount() {
	a.t.Helper()
	a.visit(a.signIn(), a.cookie).want(http.StatusOK)
	if s := a.state(); s != "awaiting_mailbox_proof" {
		a.t.Fatalf("after the sign-in the request is %s", s)
	}
}

// shownCode finds the code on the callback's page.
var shownCode = regexp.MustCompile(`<output[^>]*>([0-9a-z]{4})[ -]?([0-9a-z]{4})</output>`)

func (a answer) shownCode() string {
	a.t.Helper()
	found := shownCode.FindStringSubmatch(html.UnescapeString(a.text))
	if found == nil {
		a.t.Fatalf("%s: the page shows no code: %s", a.what, a.text)
	}
	return journal.hide("account code", found[1]+found[2])
}

// codeMail waits for the n-th mail with a code, counted from 1.
func (a *agent) codeMail(n int) sandbox.Message {
	a.t.Helper()
	m := a.mailed(func(m sandbox.Message) bool { return sandbox.Code(m) != "" }, n)
	journal.hide("code", sandbox.Code(m))
	return m
}

// mailed waits for the n-th mail of a kind.
func (a *agent) mailed(kind func(sandbox.Message) bool, n int) sandbox.Message {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.t.Context()), patience)
	defer cancel()
	for i := 1; ; i++ {
		m, err := a.world.mailbox.Wait(ctx, a.mailbox, i)
		if err != nil {
			a.t.Fatal(err)
		}
		if kind(m) {
			if n--; n == 0 {
				return m
			}
		}
	}
}

// nextCode waits for the next code.
func (a *agent) nextCode() string {
	a.t.Helper()
	a.codes++
	return sandbox.Code(a.codeMail(a.codes))
}

// nextCodeAfter gives the first code after as many mails with codes.
func (a *agent) nextCodeAfter(mails int) string {
	a.t.Helper()
	a.codes = mails
	return a.nextCode()
}

func (a *agent) typeCode(code string) answer {
	a.t.Helper()
	return a.call(http.MethodPost, "/mailbox-proof", `{"code":"`+code+`"}`)
}

// wrong gives a code that is not this one.
func wrong(code string) string {
	if code == "00000000" {
		return "00000001"
	}
	return "00000000"
}

// issued is what the agent gets.
type issued struct {
	Public   string `json:"attestation"`
	Full     string `json:"attestation_with_disclosure"`
	BadgeURL string `json:"badge_url"`
}

func (i issued) id() string { return i.BadgeURL[strings.LastIndexByte(i.BadgeURL, '/')+1:] }

func (a *agent) issue() answer {
	a.t.Helper()
	return a.call(http.MethodPost, "/attestation", "")
}

// proven takes the request to both proofs.
func (a *agent) proven() {
	a.t.Helper()
	a.begin()
	a.proveAccount()
	a.typeCode(a.nextCode()).want(http.StatusOK)
}

// attested goes the whole way.
func (a *agent) attested() (i issued) {
	a.t.Helper()
	a.proven()
	a.issue().want(http.StatusCreated).into(&i)
	journal.hide("disclosure", strings.Split(i.Full, "~")[1])
	return i
}

// report asks the endpoint for a report.
func (v visitor) report(request map[string]string) (r verify.Report) {
	v.t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		v.t.Fatal(err)
	}
	v.do(http.MethodPost, "/v1/verify", string(body)).want(http.StatusOK).into(&r)
	return r
}

// mustHold fails unless every check of a report holds.
func mustHold(t testing.TB, r verify.Report) {
	t.Helper()
	if !r.Valid || r.Outcome != verify.OutcomeValid || r.Status != "valid" {
		t.Fatalf("got %s, code %q: %+v", r.Outcome, r.Code, r.Checks)
	}
	if slices.ContainsFunc(r.Checks, func(c verify.Check) bool { return c.Outcome == verify.Failed }) {
		t.Fatalf("a check failed: %+v", r.Checks)
	}
}
