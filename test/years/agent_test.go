package years

import (
	"fmt"
	"net/http"
	"strings"

	"cocarde.example/internal/sandbox"
)

// agent is a person with an account and a mailbox.
type agent struct {
	*years
	account  *sandbox.Account
	password string
	mailbox  string
	badge    *badge // the latest; nil before the first
	plan     int    // what was planned before it changed is void
	accounts int

	id, token, authorizeURL, cookie string
}

// newAccount gives the agent an account that nobody has had.
func (a *agent) newAccount() {
	a.t.Helper()
	a.accounts++
	name, _, _ := strings.Cut(a.mailbox, ".")
	name = fmt.Sprintf("%s_%d", name, a.accounts)
	a.password = "rosette-" + name
	var err error
	a.account, err = a.instance.AddAccount(name, a.password)
	must(a.t, err)
}

// begin begins a request.
func (a *agent) begin(format string, values ...any) answer {
	a.t.Helper()
	got := a.ask(http.MethodPost, "/v1/requests", fmt.Sprintf(format, values...))
	if got.status != http.StatusCreated {
		return got
	}
	var b struct {
		ID, Token    string
		AuthorizeURL string `json:"authorize_url"`
	}
	a.decode(got.text, &b)
	a.id, a.token, a.authorizeURL = b.ID, b.Token, b.AuthorizeURL
	if b.AuthorizeURL != "" {
		c := (&http.Response{Header: got.header}).Cookies()[0]
		a.cookie = c.Name + "=" + c.Value
	}
	return got
}

func (a *agent) call(method, path, body string) answer {
	a.t.Helper()
	return a.ask(method, path, body, "Authorization: Bearer "+a.token)
}

// signIn proves the account.
func (a *agent) signIn() {
	a.t.Helper()
	callback, err := sandbox.SignIn(a.t.Context(), sandbox.LoopbackClient(), a.authorizeURL, a.account.Username(), a.password)
	must(a.t, err)
	a.wanted(a.ask(http.MethodGet, callback, "", "Accept: text/html", "Cookie: "+a.cookie), http.StatusOK)
}

// showLink proves the account by a link in its profile.
func (a *agent) showLink(link string) {
	a.t.Helper()
	must(a.t, a.account.SetFields(sandbox.Field{Name: "Cocarde", Value: link}))
	a.wanted(a.call(http.MethodPost, "/v1/requests/"+a.id+"/account-proof", "{}"), http.StatusOK)
}

// typeCode proves the mailbox by the code that is on its way.
func (a *agent) typeCode() {
	a.t.Helper()
	a.settle()
	code := ""
	for _, m := range a.world.mailbox.Messages(a.mailbox) {
		if c := sandbox.Code(m); c != "" {
			code = c
		}
	}
	a.wanted(a.call(http.MethodPost, "/v1/requests/"+a.id+"/mailbox-proof", `{"code":"`+code+`"}`), http.StatusOK)
}

// issue takes the attestation, and gives it with the id of its badge.
func (a *agent) issue() (token, badgeID string) {
	a.t.Helper()
	var i struct {
		Public   string `json:"attestation"`
		BadgeURL string `json:"badge_url"`
	}
	a.decode(a.wanted(a.call(http.MethodPost, "/v1/requests/"+a.id+"/attestation", ""), http.StatusCreated).text, &i)
	return i.Public, strings.TrimPrefix(i.BadgeURL, origin+"/b/")
}

const byOAuth, byLink = "oauth", "link"

// getBadge asks for a new badge, and goes the whole way.
func (a *agent) getBadge() (token, badgeID string) {
	a.t.Helper()
	a.wanted(a.begin(`{"handle":%q,"email":%q,"lang":"en","account_proof":{"method":%q}}`, a.account.Handle(), a.mailbox, byOAuth), http.StatusCreated)
	a.signIn()
	a.typeCode()
	return a.issue()
}

func (a *agent) beginRenewal(method string) answer {
	a.t.Helper()
	return a.begin(`{"renews":%q,"account_proof":{"method":%q}}`, a.badge.id, method)
}

// renewBadge goes the whole way of a renewal.
func (a *agent) renewBadge(method string) (token, badgeID string) {
	a.t.Helper()
	a.wanted(a.beginRenewal(method), http.StatusCreated)
	if method == byLink {
		a.showLink(origin + "/b/" + a.badge.id)
	} else {
		a.signIn()
	}
	a.typeCode()
	return a.issue()
}

// enter proves the account alone, for access to the badge.
func (a *agent) enter() {
	a.t.Helper()
	a.wanted(a.begin(`{"accesses":%q,"account_proof":{"method":"oauth"}}`, a.badge.id), http.StatusCreated)
	a.signIn()
}
