//go:build browser

package browser

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/sandbox"
)

// TestPagesAndErrors looks at every page that needs no story before it, refusals
// too, in both languages.
func TestPagesAndErrors(t *testing.T) {
	t.Parallel()
	w := shared(t)
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := open(t, lang)
			for _, tt := range []struct {
				name, path string
				status     int
			}{
				{"home", "/", 200},
				{"agencies", "/agencies", 200},
				{"agencies-found", "/agencies?q=culture", 200},
				{"agencies-none", "/agencies?q=zzzz", 200},
				{"legal", "/legal", 200},
				{"docs", "/docs", 200},
				{"docs-requests", "/docs/requests", 200},
				{"docs-attestations", "/docs/attestations", 200},
				{"docs-published", "/docs/published", 200},
				{"docs-fediverse", "/docs/fediverse", 200},
				{"docs-badges", "/docs/badges", 200},
				{"docs-pages", "/docs/pages", 200},
				{"docs-operation", "/docs/operation", 200},
				{"verify", "/verify", 200},
				{"problem", "/problems/handle_not_found", 200},
				{"error-404", "/nothing", 404},
				{"error-405", "/v1/verify", 405},
				{"error-callback-malformed", "/oauth/callback/x", 400},
				{"error-callback-unknown", "/oauth/callback/social.example?state=abc&code=abc", 400},
				{"error-elsewhere", "/request/000000000000/mailbox-proof", 403},
				{"error-answers-lost", "/request/new/mailbox", 410},
				{"stop", "/request/stop/0000000000000000000000000", 200},
			} {
				p.wants(p.visit(w.origin()+tt.path), tt.status)
				if got := p.attribute("html", "lang"); got != lang {
					t.Errorf("%s is in %q", tt.name, got)
				}
				p.inspect(tt.name + "-" + lang)
			}
			p.wants(p.click(send), 404) // the stop link is nobody's
			p.inspect("error-stop-unknown-" + lang)
			p.wants(p.visit(w.origin()+"/?lang=en"), 200)
			p.wants(p.click(`footer a[hreflang=fr]`), 200)
			p.wants(p.click(`main a[href^="/request"]`), 200)
			if got := p.attribute("html", "lang"); got != "fr" {
				t.Errorf("the language that was chosen is not kept in links: %q", got)
			}
		})
	}
}

// refused fails unless the page says what is wrong, at its top and beside the field.
// Under a name it is inspected too.
func (p *tab) refused(field, name string) {
	p.t.Helper()
	if !p.has("#mistake") || !strings.HasPrefix(eval[string](p, "document.title"), "Err") {
		p.t.Errorf("%s: the page does not begin with the mistake:\n%s", name, p.text("main"))
	}
	focused := func() bool { return eval[string](p, "document.activeElement.id") == "mistake" }
	for deadline := time.Now().Add(patience); !focused(); time.Sleep(10 * time.Millisecond) { // it comes with the first frame
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: the focus is not on the mistake", name)
		}
	}
	if field != "" && (p.attribute("#mistake a", "href") != "#"+field || p.text("#"+field+"-error") == "") {
		p.t.Errorf("%s: nothing stands beside the field:\n%s", name, p.text("main"))
	}
	if name != "" {
		p.inspect(name)
	}
}

// TestQuestionsRefuseWithAdvice types what cannot be taken.
func TestQuestionsRefuseWithAdvice(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, "fr")
	a.visit(w.origin() + "/request/new/account")
	host := strings.TrimPrefix(a.instance.BaseURL(), "http://")
	for typed, name := range map[string]string{
		"": "", "marie": "refused-handle-malformed", "@nobody@" + host: "refused-handle-unknown", "@mаrie@" + host: "", "@marie@nowhere.localhost:1": "",
	} {
		a.fill("#handle", typed)
		a.click(send)
		a.refused("handle", name)
	}
	a.fill("#handle", a.handle)
	a.wants(a.click(send), 200)
	a.click(`main .actions a.button`)
	for typed, name := range map[string]string{
		"": "", "marie": "", "marie@gmail.com": "refused-mailbox-private", "marie@culture-gouv.fr": "", "postmaster@culture.gouv.fr": "refused-mailbox-role",
	} {
		a.fill("#email", typed)
		a.click(send)
		a.refused("email", name)
	}
	a.fill("#email", a.mailbox)
	a.wants(a.click(send), 200)
	a.click(send)
	a.refused("proof", "refused-proof")
	a.choose(`input[value=oauth]`)
	a.wants(a.click(send), 200)
	a.click(send)
	a.refused("listed", "refused-listing")
	a.wants(a.click(`footer a[hreflang=en]`), 200)
	if lang := a.attribute("html", "lang"); lang != "en" || !a.has("input[name=listed]") {
		t.Errorf("after a refusal the switch leads to %s in %q", a.address(), lang)
	}
}

// TestAnAccountThatHasABadge asks for a second one.
func TestAnAccountThatHasABadge(t *testing.T) {
	t.Parallel()
	a := shared(t).agent(t, "en")
	a.attested()
	a.visit(a.w.origin() + "/request/new/account")
	a.fill("#handle", a.handle)
	a.wants(a.click(send), 422)
	a.refused("handle", "refused-has-badge")
}

// TestSignInsThatFail comes back from an instance without what is needed.
func TestSignInsThatFail(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance, err := sandbox.StartInstance(sandbox.InstanceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := instance.Close(); err != nil {
			t.Error(err)
		}
	})
	a := w.agentAt(t, "fr", instance)
	other := w.agentAt(t, "fr", instance)
	a.begin()

	a.click(signInLink)
	a.inspect("sandbox-authorize")
	a.authorizeAs(a.name, "wrong")
	a.inspect("sandbox-wrong-password")
	a.click(`button[value=deny]`)
	a.refused("", "signin-denied")

	a.signInAnew()
	a.click(signInLink)
	a.authorizeAs(other.name, other.password)
	a.refused("", "signin-mismatch")

	a.signInAnew()
	instance.Fail("/oauth/token", 503)
	a.click(signInLink)
	a.authorizeAs(a.name, a.password)
	a.refused("", "signin-failed")
	instance.Fail("/oauth/token", 0)

	a.signInAnew()
	a.signIn()
	a.wants(a.typeCode(a.readCode(1)), 200)
	a.issue()
}

func (a *agent) signInAnew() {
	a.t.Helper()
	a.wants(a.click(`form[action*="/account-proof"] button:not(.second)`), 200)
	a.needs(signInLink)
}

// TestAnotherBrowser signs in elsewhere, and carries the code over.
func TestAnotherBrowser(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			a := shared(t).agent(t, lang)
			a.begin()
			elsewhere := open(t, lang)
			elsewhere.visit(a.attribute(signInLink, "href"))
			elsewhere.wants(elsewhere.authorizeAs(a.name, a.password), 200)
			elsewhere.says(a.handle)
			code := elsewhere.text("output")
			elsewhere.inspect("carry-code-" + lang)
			for _, other := range []string{"fr", "en", lang} { // its page may be loaded again
				elsewhere.wants(elsewhere.click(`footer a[hreflang=`+other+`]`), 200)
				if again := elsewhere.text("output"); again != code || elsewhere.attribute("html", "lang") != other {
					t.Errorf("loaded again, in %s, the page shows the code %q, not %q", other, again, code)
				}
			}

			if !a.has("details[open] #code") {
				a.choose("details:has(#code) summary")
			}
			a.fill("#code", "wrong-code")
			a.click("form:has(#code) button")
			a.refused("code", "carried-code-wrong-"+lang)
			a.fill("#code", code)
			a.wants(a.click("form:has(#code) button"), 200)
			a.wants(a.typeCode(a.readCode(1)), 200)
			a.issue()
		})
	}
}

// TestARequestOfAProgram signs in from a browser whose request a program began.
func TestARequestOfAProgram(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, "fr")
	begun := a.beginByAPI()
	a.visit(begun)
	a.wants(a.authorizeAs(a.name, a.password), 200)
	a.says(a.handle)
	a.inspect("signed-in-fr")
}

// TestCodesThatAreWrong types wrong codes until the request is over.
func TestCodesThatAreWrong(t *testing.T) {
	t.Parallel()
	a := shared(t).agent(t, "fr")
	a.begin()
	a.signIn()
	code := a.readCode(1)
	wrong := "00000000"
	if code == wrong {
		wrong = "00000001"
	}
	a.typeCode("12")
	a.refused("code", "code-malformed")
	a.typeCode(wrong)
	a.refused("code", "code-wrong")
	a.wants(a.click(`form[action*="/mailbox-code"] button`), 200)
	a.inspect("code-sent-again")
	a.typeCode(code)
	a.refused("code", "code-old")
	for range 10 {
		if !a.has("#code") {
			break
		}
		a.typeCode(wrong)
	}
	a.inspect("code-over")
}

// TestTimeRunsOut lets codes and requests end, in both languages.
func TestTimeRunsOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, generous())
	a, b := w.agent(t, "fr"), w.agent(t, "en")
	a.begin()
	a.signIn()
	code := a.readCode(1)
	request := a.address()
	b.begin()
	abandoned := b.address()
	w.clock.advance(11 * time.Minute)
	a.typeCode(code)
	a.refused("", "code-expired-fr")
	b.wants(b.visit(abandoned), 200)
	b.inspect("signin-expired-en")
	w.clock.advance(25 * time.Hour)
	a.visit(request)
	a.inspect("request-expired-fr")
	b.visit(abandoned)
	b.inspect("request-expired-en")
}

// TestGivingUp begins, comes back later, and withdraws.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	a := shared(t).agent(t, "en")
	a.begin()
	request := a.address()
	a.wants(a.visit(a.w.origin()+"/request"), 200)
	a.inspect("start-under-way")
	a.wants(a.click(`main .warning a`), 200)
	if a.address() != request {
		t.Errorf("back at %s, not %s", a.address(), request)
	}
	a.choose("details.stop summary")
	a.wants(a.click(`form[action*="/withdrawal"] button`), 200)
	a.inspect("request-withdrawn")
}

// TestStoppingMail follows the only link of a code's mail.
func TestStoppingMail(t *testing.T) {
	t.Parallel()
	a := shared(t).agent(t, "fr")
	a.begin()
	a.signIn()
	a.readCode(1)
	a.mailTab.inspect("sandbox-mail")
	mail := a.mailTab.text("pre.mail")
	if !strings.Contains(mail, "cocarde@culture.gouv.fr") {
		t.Errorf("the mail does not name the contact: %s", mail)
	}
	link := mail[strings.Index(mail, a.w.origin()+"/request/stop/"):]
	stranger := open(t, "fr")
	stranger.wants(stranger.visit(strings.Fields(link)[0]), 200)
	stranger.wants(stranger.click(send), 200)
	stranger.inspect("stopped-fr")
}

// TestTooMany runs into the limits.
func TestTooMany(t *testing.T) {
	t.Parallel()
	limits := generous()
	limits.LooksPerRequest, limits.RequestsPerHandle = 1, 1
	w := newWorld(t, limits)
	a := w.agent(t, "fr")
	a.method = "link"
	a.begin()
	a.wants(a.click(lookNow), 200)
	a.click(lookNow)
	a.refused("", "too-many-looks")
	a.choose("details.stop summary")
	a.wants(a.click(`form[action*="/withdrawal"] button`), 200)
	a.visit(w.origin() + "/request/new/account")
	a.fill("#handle", a.handle)
	a.wants(a.click(send), 429)
	a.refused("", "too-many-requests")
}

// TestBusy has as many requests under way as the issuer takes.
func TestBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, generous())
	p := open(t, "fr")
	p.wants(p.visit(w.origin()+"/legal"), 200) // so that the style sheet is there
	const most = 512
	held := make([]net.Conn, most)
	for i := range held {
		conn, err := net.Dial("tcp", w.app.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /v1/verify HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", w.app.Addr())
		held[i] = conn
	}
	for deadline := time.Now().Add(patience); ; {
		resp, err := http.Get(w.origin() + "/legal")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("512 requests do not keep the issuer busy")
		}
	}
	p.wants(p.visit(w.origin()+"/request"), 503)
	p.says("busy")
	for _, conn := range held {
		conn.Close()
	}
	p.inspect("error-busy-fr")
}
