package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	cocarde "cocarde.example"
	"cocarde.example/api"
	"cocarde.example/api/contracttest"
	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
	"cocarde.example/internal/web"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

const (
	requestID = "7k3m9q2x8w4d"
	badge     = "b4d9e0000001"
	bearer    = "bearer-token-of-the-request"
	address   = "marie.dupont@culture.gouv.fr"
	disclosed = "eyJhbGciOiJFUzI1NiJ9.e30.AAAA~disclosure~"
	signInAt  = "https://social.example/oauth/authorize?client_id=c&state=state-1"
)

var whenAsked = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// request is a domain with one request, strict about who calls it how.
type request struct {
	t         *testing.T
	view      attest.View
	begun     *attest.Beginning
	renewing  *attest.Renewing
	accessing *attest.Accessing
	seen      attest.Sighting // at the next look
	badge     attest.BadgeView
	fails     error // of the next step
	calls     []string
	// manages says that the badge may be asked for in any state of the request.
	manages bool
	// scopes makes the sign-in's address longer.
	scopes string
}

func newRequest(t *testing.T) *request {
	t.Helper()
	h, err := acct.ParseHandle("@marie@social.example")
	if err != nil {
		t.Fatal(err)
	}
	actor := attest.Actor{ID: "https://social.example/users/1", URL: "https://social.example/@marie", Handle: h, Host: h.Host()}
	return &request{t: t, badge: attest.BadgeView{ID: badge, State: attest.BadgeValid, ChangedAt: whenAsked}, view: attest.View{
		ID: requestID, Purpose: attest.ForIssue, State: attest.AwaitingAccountProof, Method: attest.ByOAuth, Handle: h, Actor: actor,
		Agency:   attest.Agency{Domain: "culture.gouv.fr", Name: "Ministère de la Culture", Country: "FR"},
		BadgeURL: issuer + "/b/" + badge, CodesLeft: 2, Listed: true, ExpiresAt: whenAsked.Add(24 * time.Hour),
	}}
}

func (q *request) FindAccount(_ context.Context, handle, client string) (attest.Actor, error) {
	if client != "127.0.0.1" {
		q.t.Errorf("the client is %q", client)
	}
	if handle != "marie@SOCIAL.example" {
		return attest.Actor{}, fault.New(fault.Invalid, "handle_malformed", "Give the whole handle.").At("/handle")
	}
	return q.view.Actor, nil
}

func (q *request) FindAgency(email string) (attest.Agency, error) {
	if email != address {
		return attest.Agency{}, fault.New(fault.Invalid, "address_free_mail", "This address is at a private mail provider.").At("/email")
	}
	return q.view.Agency, nil
}

func (q *request) Begin(_ context.Context, b attest.Beginning) (attest.Begun, error) {
	if err := q.fails; err != nil {
		return attest.Begun{}, err
	}
	q.begun = &b
	q.view.Method, q.view.Listed, q.view.Lang = attest.Method(b.Method), b.Listed, b.Lang
	return q.signIn(bearer), nil
}

func (q *request) BeginRenewal(_ context.Context, b attest.Renewing) (attest.Begun, error) {
	if err := q.fails; err != nil {
		return attest.Begun{}, err
	}
	q.renewing = &b
	q.view.Purpose, q.view.Method, q.view.Lang = attest.ForRenewal, attest.Method(b.Method), b.Lang
	return q.signIn(bearer), nil
}

func (q *request) BeginAccess(_ context.Context, a attest.Accessing) (attest.Begun, error) {
	if err := q.fails; err != nil {
		return attest.Begun{}, err
	}
	q.accessing = &a
	q.view.Purpose, q.view.Method, q.view.Lang = attest.ForAccess, attest.Method(a.Method), a.Lang
	switch q.view.Method {
	case attest.ByLink:
		q.view.LinkURL = q.view.BadgeURL + "?request=" + requestID
	case attest.ByCode:
		q.view.State = attest.AwaitingMailboxProof
	}
	return q.signIn(bearer), nil
}

func (q *request) WithdrawBadge(_ context.Context, id, token string) error {
	q.badge.State = attest.BadgeRevoked
	return q.onBadge("WithdrawBadge", id, token)
}

func (q *request) EraseBadge(_ context.Context, id, token string) error {
	return q.onBadge("EraseBadge", id, token)
}

func (q *request) Kept(_ context.Context, id, token string) (attest.Kept, error) {
	if q.view.State != attest.Proven {
		return attest.Kept{}, fault.New(fault.Unauthorized, "token_wrong", "There is no such request.")
	}
	return attest.Kept{
		ID: badge, Issuer: issuer, MadeAt: whenAsked, Proofs: []string{"mailbox"}, Type: attest.AgencyMailbox, Status: "valid", State: attest.BadgeValid,
		CreatedAt: whenAsked, StatusChangedAt: whenAsked, Agency: attest.KeptAgency(q.view.Agency), BadgeURL: q.view.BadgeURL,
		Attestations: []attest.KeptAttestation{}, Acts: []attest.KeptAct{}, Requests: []attest.KeptRequest{},
	}, q.onBadge("Kept", id, token)
}

func (q *request) onBadge(name, id, token string) error {
	if id != badge {
		q.t.Errorf("%s is called with %q", name, id)
	}
	return q.step(name, requestID, token)
}

func (q *request) signIn(token string) attest.Begun {
	b := attest.Begun{View: q.view, Token: token}
	if q.view.Method == attest.ByOAuth {
		b.AuthorizeURL, b.Browser, b.SignInEnds = signInAt+q.scopes, "browser-secret", whenAsked.Add(10*time.Minute)
	}
	return b
}

func (q *request) step(name, id, token string) error {
	q.calls = append(q.calls, name)
	if id != requestID || token != bearer {
		q.t.Errorf("%s is called with %q, %q", name, id, token)
	}
	return q.fails
}

// counts fails unless the client is told: codes are counted by it.
func (q *request) counts(client string) {
	if client == "" {
		q.t.Error("nobody says which client asks for a code")
	}
}

func (q *request) Look(_ context.Context, id, token string) (attest.View, error) {
	if id != requestID || token != bearer {
		return attest.View{}, fault.New(fault.Unauthorized, "token_wrong", "There is no such request.")
	}
	return q.view, nil
}

func (q *request) Withdraw(_ context.Context, id, token string) error {
	q.view.State = attest.Withdrawn
	return q.step("Withdraw", id, token)
}

func (q *request) SetLang(_ context.Context, id, token, lang string) error {
	q.view.Lang = lang
	return q.step("SetLang "+lang, id, token)
}

func (q *request) AdvanceAccount(_ context.Context, id, token, client string) (attest.Begun, error) {
	q.counts(client)
	if err := q.step("AdvanceAccount", id, token); err != nil {
		return attest.Begun{}, err
	}
	b := q.signIn("")
	if q.view.Method == attest.ByLink {
		if q.seen.Found {
			q.view.State = attest.AwaitingMailboxProof
			b.View = q.view
		}
		b.Link = &q.seen
	}
	return b, nil
}

func (q *request) ConfirmAccount(_ context.Context, id, token, code string) (attest.View, error) {
	return q.view, q.step("ConfirmAccount "+code, id, token)
}

func (q *request) RenewCode(_ context.Context, id, token, client string) (attest.View, error) {
	q.counts(client)
	return q.view, q.step("RenewCode", id, token)
}

func (q *request) ProveMailbox(_ context.Context, id, token, code string) (attest.View, error) {
	return q.view, q.step("ProveMailbox "+code, id, token)
}

func (q *request) Issue(_ context.Context, id, token string) (attest.IssuedAnswer, error) {
	return attest.IssuedAnswer{BadgeID: badge, BadgeURL: q.view.BadgeURL, WithDisclosure: disclosed}, q.step("Issue", id, token)
}

func (q *request) LookAtProfile(_ context.Context, id, token string) (attest.Sighting, error) {
	return q.seen, q.step("LookAtProfile", id, token)
}

func (q *request) State(_ context.Context, id string) (attest.BadgeView, error) {
	if id != badge || q.view.State != attest.Issued && !q.manages {
		q.t.Errorf("asked for the badge %s of a request that is %s", id, q.view.State)
	}
	return q.badge, nil
}

func (q *request) FinishSignIn(_ context.Context, c attest.Callback) (attest.SignedIn, error) {
	if c.Browser != "browser-secret" || c.State != "state-1" {
		q.t.Errorf("handed on: %+v", c)
	}
	return attest.SignedIn{View: q.view}, q.fails
}

func (q *request) StopMail(context.Context, string) error { return nil }

func (q *request) Published(_ context.Context, id string) (attest.Published, error) {
	if id != badge {
		return attest.Published{}, fault.New(fault.NotFound, "badge_not_found", "There is no badge under this link.")
	}
	return q.published(true)
}

func (q *request) PublishedByHandle(_ context.Context, handle string) (attest.Published, error) {
	return q.published(handle == "@marie@social.example")
}

func (q *request) published(there bool) (attest.Published, error) {
	if !there {
		return attest.Published{}, fault.New(fault.NotFound, "attestation_not_found", "There is no attestation under this handle.")
	}
	return attest.Published{Attestation: attest.Attestation{Token: "published~"}}, nil
}

// verifier knows two tokens.
type verifier struct{ report verify.Report }

func (v verifier) Verify(_ context.Context, token string, account verify.Account) verify.Report {
	r := v.report
	if token != "published~" && token != disclosed {
		r = verify.Report{Outcome: verify.OutcomeInvalid, Code: verify.MalformedToken}
	}
	if account != verify.AnyAccount() && account != verify.ForHandle("@marie@social.example") {
		r.Valid, r.Outcome, r.Code = false, verify.OutcomeInvalid, verify.SubjectMismatch
	}
	return r
}

// visitor is a browser that keeps cookies and shows every page that it gets to
// the checks that all pages must pass.
type visitor struct {
	t       *testing.T
	server  *httptest.Server
	client  *http.Client
	cookies map[string]string
	lang    string
	request *request
	now     time.Time
}

func newSealer(t *testing.T) web.Sealer {
	t.Helper()
	secret, err := keys.CreateSecret(filepath.Join(t.TempDir(), "secret"))
	if err != nil {
		t.Fatal(err)
	}
	_, data := keys.NewDataKeys(secret)
	return data.Sealing
}

func visit(t *testing.T, lang string, report verify.Report) *visitor {
	t.Helper()
	return visitAs(t, look, lang, report)
}

// visitAs is a visit to an issuer of another look.
func visitAs(t *testing.T, look web.Look, lang string, report verify.Report) *visitor {
	t.Helper()
	pages, err := web.NewPages(cocarde.Contract, look)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	problems := api.NewProblems(log, pages.ErrorPage, time.Now)
	v := &visitor{t: t, cookies: map[string]string{}, lang: lang, request: newRequest(t), now: whenAsked}
	v.server = httptest.NewServer(front.New(
		front.Options{Log: log, Issuer: issuer, Problem: problems.Front, Now: time.Now},
		web.New(web.Config{
			Issuer: issuer, Requests: v.request, Beginnings: v.request, Way: v.request, Badges: v.request, Issued: v.request,
			Verifier: verifier{report}, Sealer: newSealer(t), Pages: pages, Refuse: problems.Write,
			Now: func() time.Time { return v.now },
		}).Routes()...,
	))
	t.Cleanup(v.server.Close)
	v.client = contracttest.Client(t, v.server.Client().Transport)
	return v
}

// got is a page that came.
type got struct {
	t        *testing.T
	status   int
	header   http.Header
	text     string
	location string
}

func (v *visitor) get(path string) got { return v.do(http.MethodGet, path, nil) }

// post sends a form; fields are name, value, and so on.
func (v *visitor) post(path string, fields ...string) got {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return v.do(http.MethodPost, path, form)
}

func (v *visitor) do(method, path string, form url.Values, headers ...string) got {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", v.lang)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		v.keep(c)
	}
	page := got{v.t, answer.StatusCode, answer.Header, string(text), answer.Header.Get("Location")}
	page.check(v.lang)
	return page
}

// keep keeps a cookie as a browser does. What it holds must be sealed.
func (v *visitor) keep(c *http.Cookie) {
	if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		v.t.Errorf("the cookie is open to others: %s", c)
	}
	if c.MaxAge < 0 {
		delete(v.cookies, c.Name)
		return
	}
	if c.MaxAge == 0 || c.MaxAge > 24*3600 {
		v.t.Errorf("%s holds for %d s", c.Name, c.MaxAge)
	}
	v.cookies[c.Name] = c.Value
}

var active = regexp.MustCompile(`(?i)<script|<style|<iframe|javascript:|\son\w+=|\sstyle=|(src|action)="(https?:)?//`)

// check holds for everything that comes: no script, nothing private in a URL,
// nothing stored, and every reference within the page leads somewhere.
func (g got) check(lang string) {
	g.t.Helper()
	for _, secret := range []string{address, url.QueryEscape(address), bearer, "disclosure", "browser-secret"} {
		if strings.Contains(g.location, secret) {
			g.t.Errorf("leads to %s", g.location)
		}
		for _, m := range regexp.MustCompile(`(?:href|action|src)="([^"]*)"`).FindAllStringSubmatch(g.text, -1) {
			if strings.Contains(m[1], secret) {
				g.t.Errorf("links %s", m[1])
			}
		}
	}
	if strings.Contains(g.text, bearer) || g.header.Get("Cache-Control") != "no-store" {
		g.t.Errorf("the page tells the token, or may be stored: %v", g.header)
	}
	if !strings.HasPrefix(g.header.Get("Content-Type"), "text/html") {
		return
	}
	if found := active.FindString(g.text); found != "" {
		g.t.Errorf("the page has %q", found)
	}
	if !strings.Contains(g.text, `<html lang="`+lang+`" dir="ltr">`) || strings.Count(g.text, "<h1") != 1 {
		g.t.Errorf("not one h1, or not in %s: %s", lang, g.text)
	}
	ids := map[string]bool{}
	for _, m := range idOnce.FindAllStringSubmatch(g.text, -1) {
		if ids[m[1]] {
			g.t.Errorf("id %s stands twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range forID.FindAllStringSubmatch(g.text, -1) {
		for id := range strings.FieldsSeq(m[1]) {
			if !ids[id] {
				g.t.Errorf("#%s is nowhere", id)
			}
		}
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(g.text, -1) {
		if !ids[m[1]] {
			g.t.Errorf("#%s leads nowhere", m[1])
		}
	}
}

// is fails unless the page has this status and these texts.
func (g got) is(status int, texts ...string) got {
	g.t.Helper()
	if g.status != status {
		g.t.Fatalf("got %d, want %d: %s", g.status, status, g.text)
	}
	for _, text := range texts {
		if !strings.Contains(g.text, text) {
			g.t.Errorf("lacks %q: %s", text, g.text)
		}
	}
	return g
}

// lacks fails if the page has one of these texts.
func (g got) lacks(texts ...string) got {
	g.t.Helper()
	for _, text := range texts {
		if strings.Contains(g.text, text) {
			g.t.Errorf("has %q: %s", text, g.text)
		}
	}
	return g
}

// to fails unless the browser is sent on to a path.
func (g got) to(path string) {
	g.t.Helper()
	if g.is(http.StatusSeeOther); g.location != path {
		g.t.Fatalf("leads to %q, want %q", g.location, path)
	}
}

// wrong fails unless the page says at the top and beside a field what to mend,
// with what was typed still there.
func (g got) wrong(status int, field, text, typed string) got {
	g.t.Helper()
	g.is(status, `role="alert" tabindex="-1" autofocus`, `<a href="#`+field+`">`, `id="`+field+`-error"`, text, typed)
	if regexp.MustCompile(`<title>(Error|Erreur\x{a0}): `).FindString(g.text) == "" {
		g.t.Error("the title tells of no error")
	}
	return g
}
