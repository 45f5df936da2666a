package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

// answerAll answers the questions up to the summary.
func (v *visitor) answerAll(proof, listed string) {
	v.t.Helper()
	v.post("/request/new/account", "handle", "marie@SOCIAL.example").to("/request/new/found")
	v.post("/request/new/mailbox", "email", address).to("/request/new/proof")
	v.post("/request/new/proof", "proof", proof).to("/request/new/listing")
	v.post("/request/new/listing", "listed", listed).to("/request/new/summary")
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string][]string{
		"en": {"Get a badge", "What will never be public", "Which account is it for?", "Is this your account?", "Yes, continue", "not your address", "Finds the badge"},
		"fr": {"Obtenir un badge", "Ce qui ne sera jamais public", "Pour quel compte", "Est-ce bien votre compte", "Oui, continuer", "pas votre adresse", "Trouve le badge"},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			v := visit(t, lang, verify.Report{})
			v.get("/request").is(200, words[0], words[1], `href="/request/new/account"`)
			v.get("/request/new/account").is(200, words[2], `name="handle" value=""`)
			v.post("/request/new/account", "handle", "marie@SOCIAL.example").to("/request/new/found")
			v.get("/request/new/found").is(200, words[3], words[4], "@marie@social.example", "https://social.example/@marie", `href="/request/new/mailbox"`)
			v.get("/request/new/mailbox").is(200, `type="email"`)
			v.post("/request/new/mailbox", "email", address).to("/request/new/proof")
			v.get("/request/new/proof").is(200, words[5], "Ministère de la Culture", "culture.gouv.fr").lacks(address, " checked")
			v.post("/request/new/proof", "proof", "oauth").to("/request/new/listing")
			v.get("/request/new/listing").is(200)
			v.post("/request/new/listing", "listed", "yes").to("/request/new/summary")
			v.get("/request/new/summary").is(200, "@marie@social.example", "culture.gouv.fr", address, words[6])
			// Every answer can be changed, and then the summary is next.
			v.get("/request/new/proof").is(200, `value="oauth" aria-describedby="oauth-hint" checked`)
			v.post("/request/new/proof", "proof", "link").to("/request/new/summary")
			if v.request.begun != nil {
				t.Fatal("a request has begun before the end")
			}
			v.post("/request/new/summary").to("/request/" + requestID)
			want := attest.Beginning{Handle: "@marie@social.example", Email: address, Method: "link", Lang: lang, Listed: true, Client: "127.0.0.1"}
			if *v.request.begun != want {
				t.Errorf("begun: %+v", *v.request.begun)
			}
			if _, kept := v.cookies["__Host-cocarde-answers"]; kept {
				t.Error("the answers are still kept")
			}
			v.get("/request/"+requestID).is(200, `>`+issuer+"/b/"+badge+`</textarea>`)
			v.get("/request").is(200, `href="/request/`+requestID+`"`)
		})
	}
}

func TestQuestionsKeepTheLanguage(t *testing.T) {
	t.Parallel()
	v := visit(t, "fr", verify.Report{})
	v.lang = "en" // as asked by name, over the browser's
	v.do("GET", "/request/new/account?lang=en", nil, "Accept-Language: fr").is(200, `action="/request/new/account?lang=en"`)
	v.do("POST", "/request/new/account?lang=en", url.Values{"handle": {"marie@SOCIAL.example"}}, "Accept-Language: fr").to("/request/new/found?lang=en")
}

func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 400)
	for _, c := range []struct{ lang, question, field, value, text, typed string }{
		{"en", "account", "handle", "marie", "Give the whole handle.", `value="marie" maxlength="320" required`},
		{"fr", "account", "handle", `"><b>`, "Ceci n’est pas un identifiant.", `value="&#34;&gt;&lt;b&gt;"`},
		{"en", "account", "handle", long, "Give the whole handle.", long},
		{"en", "mailbox", "email", "marie@gmail.com", "private mail provider", `value="marie@gmail.com"`},
		{"fr", "mailbox", "email", "", "Cette adresse est chez un fournisseur privé.", `aria-invalid="true" aria-describedby="email-error email-hint"`},
		{"en", "proof", "proof", "", "Choose one of the answers.", `aria-describedby="proof-error"`},
		{"fr", "proof", "proof", "magic", "Choisissez l’une des réponses.", ""},
		{"fr", "listing", "listed", "", "Choisissez l’une des réponses.", `aria-describedby="listed-error listed-hint"`},
	} {
		v := visit(t, c.lang, verify.Report{})
		v.answerAll("oauth", "yes")
		v.post("/request/new/"+c.question, c.field, c.value).wrong(422, c.field, c.text, c.typed)
		v.get("/request/new/summary").is(200, address) // what was answered before still stands
	}
}

func TestQuestionsComeInOrder(t *testing.T) {
	t.Parallel()
	v := visit(t, "en", verify.Report{})
	for _, name := range []string{"found", "mailbox", "proof", "listing", "summary"} {
		v.get("/request/new/"+name).is(410, "Your answers are not here any more", `name="handle"`)
		if name != "found" {
			v.post("/request/new/"+name).is(410, "Your answers are not here any more")
		}
	}
	v.get("/request/new").to("/request/new/account")
	v.get("/request/new?lang=en").to("/request/new/account?lang=en")
	v.get("/request/new/nothing").is(404)
	v.post("/request/new/found").is(404)
	v.post("/request/new/account", "handle", "marie@SOCIAL.example").to("/request/new/found")
	v.get("/request/new/listing").to("/request/new/mailbox")
	v.get("/request/new/summary").to("/request/new/mailbox")
	v.post("/request/new/summary").to("/request/new/mailbox")
	v.cookies["__Host-cocarde-answers"] = "forged"
	v.get("/request/new/found").is(410)
	v.post("/request/new/account", "handle", strings.Repeat("x", 9000)).is(413)
}

// TestNotBegun: what Begin refuses is shown at the question that it is about.
func TestNotBegun(t *testing.T) {
	t.Parallel()
	v := visit(t, "en", verify.Report{})
	v.answerAll("oauth", "no")
	for field, f := range map[string]*fault.Error{
		"handle": fault.New(fault.Conflict, "account_has_badge", "This account has a badge in force already.").At("/handle"),
		"email":  fault.New(fault.Invalid, "mail_domain_no_mx", "This domain has no mail server.").At("/email"),
		"proof":  fault.New(fault.Upstream, "sign_in_unsupported", "This instance does not offer signing in.").At("/handle"),
	} {
		v.request.fails = f
		page := v.post("/request/new/summary").wrong(422, field, f.Message, `name="`+field+`"`)
		if see := `<a href="/verify?handle=%40marie%40social.example">See the badge of this account</a>`; strings.Contains(page.text, see) != (field == "handle") {
			t.Errorf("%s: whether the page leads to the badge: %s", field, page.text)
		}
	}
	v.request.fails = fault.New(fault.Limited, "too_many_requests", "Too many requests.").After(90 * time.Second)
	page := v.post("/request/new/summary").is(429, "Too many requests. You can try again in 2 min.", `role="alert"`, address)
	if page.header.Get("Retry-After") != "120" {
		t.Errorf("Retry-After is %q", page.header.Get("Retry-After"))
	}
	v.request.fails = http.ErrServerClosed // no fault: nothing of it is told
	v.post("/request/new/summary").is(500).lacks(http.ErrServerClosed.Error())
	v.request.fails = nil
	v.post("/request/new/summary").to("/request/" + requestID)
}

// TestAnotherRequest: a browser holds one request, and never loses it unwarned.
func TestAnotherRequest(t *testing.T) {
	t.Parallel()
	const file = "Save the attestation file of the former first"
	v := visit(t, "en", verify.Report{})
	v.answerAll("oauth", "yes")
	v.get("/request/new/summary").is(200).lacks(`name="instead"`, "cannot be opened in this browser")
	v.post("/request/new/summary").to(here)
	v.answerAll("link", "yes")
	for state, words := range map[attest.State]string{
		attest.AwaitingMailboxProof: "You have a request under way", attest.Issued: "and it was issued",
	} {
		v.request.view.State = state
		for _, path := range []string{"/request", "/request/new/summary"} {
			page := v.get(path).is(200, words, "cannot be opened in this browser any more", `href="`+here+`"`)
			if strings.Contains(page.text, file) != (state == attest.Issued) {
				t.Errorf("%s, %s: whether the file is spoken of: %s", path, state, page.text)
			}
		}
		v.request.begun = nil
		for _, instead := range []string{"", "000000000000"} { // from a page that did not know of the former
			v.post("/request/new/summary", "instead", instead).to("/request/new/summary")
		}
		if v.request.begun != nil {
			t.Error("another request has begun unwarned")
		}
		v.get(here + "/attestation.txt")
	}
	for state, lost := range map[attest.BadgeState]bool{attest.BadgeSuspended: true, attest.BadgeRevoked: false, attest.BadgeEnded: false} {
		v.request.view.State, v.request.badge.State = attest.Issued, state
		if page := v.get("/request/new/summary").is(200); strings.Contains(page.text, `name="instead" value="`+requestID+`"`) != lost {
			t.Errorf("%s: whether there is something to lose: %s", state, page.text)
		}
	}
	v.request.badge.State = attest.BadgeValid
	v.post("/request/new/summary", "instead", requestID).to(here)
	if v.request.begun == nil {
		t.Error("nothing has begun")
	}
	v.answerAll("link", "yes")
	for _, state := range []attest.State{attest.Withdrawn, attest.Refused, attest.Expired} { // nothing to lose
		v.request.view.State = state
		v.get("/request").is(200).lacks(here)
		v.get("/request/new/summary").is(200).lacks(here, `name="instead"`)
	}
	v.post("/request/new/summary").to(here)
}

// TestForget: a browser that others use keeps nothing.
func TestForget(t *testing.T) {
	t.Parallel()
	v := visit(t, "en", verify.Report{})
	const done = "This browser keeps nothing of your request"
	v.get("/request/forget").is(200, done).lacks("<form")
	v.answerAll("oauth", "yes")
	for _, name := range []string{"found", "mailbox", "proof", "listing", "summary"} {
		v.get("/request/new/"+name).is(200, `href="/request/forget"`)
	}
	v.post("/request/new/summary").to(here)
	for _, state := range []attest.State{attest.AwaitingAccountProof, attest.AwaitingMailboxProof, attest.Proven, attest.Issued, attest.Withdrawn} {
		v.request.view.State = state
		v.get(here).is(200, `href="/request/forget"`)
	}
	v.post("/request/new/account", "handle", "marie@SOCIAL.example").to("/request/new/found")
	v.request.view.State = attest.AwaitingAccountProof
	v.get("/oauth/callback/social.example?state=state-1&code=c").to(here)
	v.get("/oauth/callback/social.example?state=state-1&code=c").is(200)
	if len(v.cookies) != 4 {
		t.Fatalf("kept: %v", v.cookies)
	}
	v.do("POST", "/request/forget", url.Values{}, "Sec-Fetch-Site: cross-site").is(403, "cross_origin")
	v.get("/request/forget").is(200, `<form method="post" action="/request/forget">`, "save it first").lacks(done)
	if len(v.cookies) != 4 {
		t.Fatal("looking, or another site, has ended something")
	}
	v.post("/request/forget").to("/request/forget")
	v.get("/request/forget").is(200, done)
	if len(v.cookies) > 0 {
		t.Errorf("still kept: %v", v.cookies)
	}
	v.get(here).is(403)
	v.get("/request/new/summary").is(410)
	v.post("/request/forget").to("/request/forget")
}

// TestOtherSites: no page of another site can answer or take a step.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	v := visit(t, "en", verify.Report{})
	v.answerAll("oauth", "yes")
	v.post("/request/new/summary").to("/request/" + requestID)
	v.request.begun = nil
	for _, path := range []string{
		"/request/new/account", "/request/new/summary", "/request/" + requestID + "/account-proof", "/request/" + requestID + "/mailbox-proof",
		"/request/" + requestID + "/mailbox-code", "/request/" + requestID + "/attestation", "/request/" + requestID + "/profile-check",
		"/request/" + requestID + "/withdrawal", "/verify",
	} {
		for _, header := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"} {
			v.do("POST", path, url.Values{}, header).is(403, "cross_origin")
		}
	}
	if v.request.begun != nil || len(v.request.calls) > 0 {
		t.Errorf("another site did %v", v.request.calls)
	}
	for _, path := range []string{"/request/new/account", "/request/" + requestID, "/verify"} {
		if policy := v.get(path).header.Get("Referrer-Policy"); policy != "same-origin" {
			t.Errorf("%s: Referrer-Policy is %q: its form's origin would be null", path, policy)
		}
	}
}
