//go:build browser

package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"cocarde.example/internal/sandbox"
)

// agent is a person with an account, a mailbox and a browser, whose first tab
// shows the issuer's pages.
type agent struct {
	*tab
	w                *world
	instance         *sandbox.Instance
	account          *sandbox.Account
	name, password   string
	handle, mailbox  string
	method           string // of the account proof
	seen             func(name string)
	mailTab, homeTab *tab
}

// agent makes an account at the sandbox's instance and opens a browser.
func (w *world) agent(t *testing.T, lang string) *agent {
	t.Helper()
	return w.agentAt(t, lang, w.sandbox.Instance)
}

func (w *world) agentAt(t *testing.T, lang string, i *sandbox.Instance) *agent {
	t.Helper()
	return w.agentNamed(t, lang, i, unique("agent"))
}

func (w *world) agentNamed(t *testing.T, lang string, i *sandbox.Instance, name string) *agent {
	t.Helper()
	account, err := i.AddAccount(name, "rosette-"+name)
	if err != nil {
		t.Fatal(err)
	}
	return &agent{
		tab: open(t, lang), w: w, instance: i, account: account, name: name, password: "rosette-" + name,
		handle: account.Handle(), mailbox: name + "@culture.gouv.fr", method: "oauth", seen: func(string) {},
	}
}

// inspecting has every page on the way inspected, under a prefix.
func (a *agent) inspecting(prefix string) *agent {
	a.seen = func(name string) {
		a.t.Helper()
		a.inspect(prefix + name)
	}
	return a
}

const send = `main form button`

// begin answers the questions and begins the request.
func (a *agent) begin() {
	a.t.Helper()
	a.wants(a.visit(a.w.origin()+"/"), 200)
	a.wants(a.click(`main a[href="/request"]`), 200)
	a.seen("start")
	a.wants(a.click(`main a[href="/request/new/account"]`), 200)
	a.seen("account")
	a.fill("#handle", a.handle)
	a.wants(a.click(send), 200)
	a.says(a.handle)
	a.seen("found")
	a.wants(a.click(`main .actions a.button`), 200)
	a.seen("mailbox")
	a.fill("#email", a.mailbox)
	a.wants(a.click(send), 200)
	a.seen("proof")
	a.choose(`input[name=proof][value=` + a.method + `]`)
	a.wants(a.click(send), 200)
	a.seen("listing")
	a.choose(`input[name=listed][value=yes]`)
	a.wants(a.click(send), 200)
	a.says(a.handle, a.mailbox)
	a.seen("summary")
	a.wants(a.click(send), 200)
}

const signInLink = `main a[href*="/oauth/authorize"]`

// signIn leaves to the instance, signs in there and comes back.
func (a *agent) signIn() {
	a.t.Helper()
	a.seen("signin")
	a.wants(a.click(signInLink), 200)
	if got := origin(a.address()); got != a.instance.BaseURL() {
		a.t.Fatalf("the sign-in is at %s", got)
	}
	a.authorizeAs(a.name, a.password)
	if got := origin(a.address()); got != a.w.origin() {
		a.t.Fatalf("after the sign-in the browser is at %s:\n%s", a.address(), a.text("body"))
	}
}

// authorizeAs fills in the instance's own page.
func (p *tab) authorizeAs(name, password string) int {
	p.t.Helper()
	p.fill("#username", name)
	p.fill("#password", password)
	return p.click(`button[value=authorize]`)
}

// readCode opens the mailbox in another tab, and gives the code of the n-th mail
// with a code, counted from 1.
func (a *agent) readCode(n int) string {
	a.t.Helper()
	if a.mailTab == nil {
		a.mailTab = a.another()
	}
	mine := fmt.Sprintf(`[...document.querySelectorAll('.cards li')].filter(li => li.querySelector('.handle').innerText.endsWith(%s) &&
		/code/i.test(li.innerText)).map(li => li.querySelector('a').href).reverse()[%d] ?? ''`, quote(" "+a.mailbox), n-1)
	var mail string
	for deadline := time.Now().Add(patience); mail == ""; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			a.t.Fatalf("no mail with a code: %s", a.mailTab.text("body"))
		}
		a.mailTab.visit(a.instanceMail())
		mail = eval[string](a.mailTab, mine)
	}
	a.mailTab.wants(a.mailTab.visit(mail), 200)
	return strings.Join(strings.Fields(a.mailTab.text("code.code")), "")
}

func (a *agent) instanceMail() string { return a.w.sandbox.Instance.MailURL() + "/" }

// typeCode types the code of the mail.
func (a *agent) typeCode(code string) int {
	a.t.Helper()
	a.fill("#code", code)
	return a.click(`form[action*="/mailbox-proof"] button`)
}

// issue takes the badge, and gives its link.
func (a *agent) issue() (badge string) {
	a.t.Helper()
	a.wants(a.click(`form[action*="/attestation"] button`), 200)
	a.says(a.handle)
	return a.value("#link")
}

// attested goes the whole way, and gives the badge's link.
func (a *agent) attested() string {
	a.t.Helper()
	a.begin()
	a.proveAccount()
	a.wants(a.typeCode(a.readCode(1)), 200)
	return a.issue()
}

// proveAccount proves the account by the method that was chosen.
func (a *agent) proveAccount() {
	a.t.Helper()
	if a.method == "oauth" {
		a.signIn()
		return
	}
	a.seen("link")
	a.saveField(a.value("#link"))
	a.wants(a.click(lookNow), 200)
}

const lookNow = `form[action*="/account-proof"] button`

// saveField puts something into the first field of the profile, in the instance's
// own editor, and gives what the editor says of it.
func (a *agent) saveField(value string) string {
	a.t.Helper()
	if a.homeTab == nil {
		a.homeTab = a.another()
		a.homeTab.wants(a.homeTab.visit(a.instance.BaseURL()+"/auth/sign_in"), 200)
		a.homeTab.fill("#username", a.name)
		a.homeTab.fill("#password", a.password)
		a.homeTab.wants(a.homeTab.click(send), 200)
	}
	a.homeTab.wants(a.homeTab.visit(a.instance.BaseURL()+"/settings/profile"), 200)
	a.homeTab.fill("#name-0", "Badge")
	a.homeTab.fill("#value-0", value)
	a.homeTab.wants(a.homeTab.click(`form[action="/settings/profile"] button`), 200)
	return a.homeTab.text("#state-0")
}

// beginByAPI begins a request as a program does, and gives this browser the cookie
// that binds it. It gives the address to sign in at.
func (a *agent) beginByAPI() (authorize string) {
	a.t.Helper()
	body := fmt.Sprintf(`{"handle":%q,"email":%q,"lang":%q,"account_proof":{"method":"oauth"}}`, a.handle, a.mailbox, a.lang)
	resp, err := http.Post(a.w.origin()+"/v1/requests", "application/json", strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	var begun struct {
		AuthorizeURL string `json:"authorize_url"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&begun); err != nil || len(resp.Cookies()) != 1 {
		a.t.Fatalf("%d, %d cookies: %v", resp.StatusCode, len(resp.Cookies()), err)
	}
	c := resp.Cookies()[0]
	yes := true
	call(a.tab, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: a.w.origin(), Path: "/", Secure: &yes, HTTPOnly: &yes})
	return begun.AuthorizeURL
}
