package chain

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/internal/sandbox"
	"cocarde.example/verify"
	"cocarde.example/verify/online"
)

func TestAnAgentGetsAnAttestationByTheCookieOfTheirBrowser(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	typed := strings.ToUpper(a.handle)
	a.handle, typed = typed, a.handle

	b := a.begin()
	if b.State != "awaiting_account_proof" || b.Handle != typed || b.Actor != a.account.ActorID() {
		t.Errorf("begun: %+v, want the canonical handle %s", b, typed)
	}
	if b.Agency.Domain != "culture.gouv.fr" || b.Agency.Name != "Ministère de la Culture" || b.Agency.Country != "FR" {
		t.Errorf("agency: %+v", b.Agency)
	}
	if !strings.Contains(b.AuthorizeURL, "force_login=true") || !strings.Contains(b.AuthorizeURL, "code_challenge_method=S256") {
		t.Errorf("the authorization URL asks too little: %s", b.AuthorizeURL)
	}
	callback := a.signIn()
	if n := len(w.mailbox.Messages(a.mailbox)); n != 0 {
		t.Errorf("%d mails went out before the account was proven", n)
	}
	page := a.visit(callback, a.cookie).want(http.StatusOK)
	if !strings.Contains(page.text, typed) || shownCode.MatchString(page.text) {
		t.Errorf("the page of the asking browser: %s", page.text)
	}
	a.typeCode(a.nextCode()).want(http.StatusOK)
	var i issued
	first := a.issue().want(http.StatusCreated)
	first.into(&i)
	if got := first.header.Get("Location"); got != "/v1/attestations/"+i.id() || i.BadgeURL != b.BadgeURL {
		t.Errorf("Location %s, badge %s, promised %s", got, i.BadgeURL, b.BadgeURL)
	}
	for range 2 {
		if again := a.issue().want(http.StatusCreated); again.text != first.text {
			t.Errorf("the answer differs when it is asked for again:\n%s\n%s", first.text, again.text)
		}
	}
	if a.state() != "issued" {
		t.Errorf("the request is %s", a.state())
	}
	claims, err := verify.Peek(i.Public)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(i.Public, "@") || !strings.HasSuffix(i.Public, "~") || claims.Issuer != w.origin() {
		t.Errorf("the public form: %s", i.Public)
	}
	// One mail with the code, one that says that it was issued, no more.
	m := a.mailed(func(m sandbox.Message) bool { return strings.Contains(m.Text, i.BadgeURL) }, 1)
	if !strings.Contains(m.Text, typed) {
		t.Errorf("the mail names no handle: %s", m.Text)
	}
	if n := len(w.mailbox.Messages(a.mailbox)); n != 2 {
		t.Errorf("%d mails, want 2", n)
	}
}

func TestAnAgentInAnotherBrowserCarriesACodeOver(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	page := a.visit(a.signIn()).want(http.StatusOK)
	code := page.shownCode()
	for _, shown := range []string{a.handle, "culture.gouv.fr", w.origin()} {
		if !strings.Contains(page.text, shown) {
			t.Errorf("the page does not name %s", shown)
		}
	}
	if s := a.state(); s != "awaiting_account_proof" {
		t.Errorf("the foreign browser completed the proof: %s", s)
	}
	a.call(http.MethodPost, "/account-proof", `{"code":"zzzzzzzz"}`).refused(http.StatusForbidden, "code_wrong", "/code")
	a.call(http.MethodPost, "/account-proof", `{"code":"`+strings.ToUpper(code[:4])+"-"+code[4:]+`"}`).want(http.StatusOK)
	if n := len(w.mailbox.Messages(a.mailbox)); n > 1 {
		t.Errorf("%d mails", n)
	}
	mailed := a.nextCode()
	a.typeCode(mailed[:4] + " " + mailed[4:]).want(http.StatusOK)
	a.issue().want(http.StatusCreated)
}

func TestMailsAreInTheLanguageThatWasAskedFor(t *testing.T) {
	t.Parallel()
	w := shared(t)
	for lang, words := range map[string][]string{
		"fr": {"Votre code", "Bonjour", "minutes"},
		"en": {"code", "Hello", "minutes"},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			a := w.agent(t, w.instance(t))
			a.lang = lang
			a.begin()
			a.proveAccount()
			m := a.codeMail(1)
			for _, word := range append(words, a.handle, a.account.Handle()[strings.LastIndexByte(a.handle, '@')+1:]) {
				if !strings.Contains(m.Subject+"\n"+m.Text, word) {
					t.Errorf("%q is missing in %s\n%s", word, m.Subject, m.Text)
				}
			}
			if n := strings.Count(m.Text, "http://") + strings.Count(m.Text, "https://"); n != 1 {
				t.Errorf("%d links in a mail with a code, want the one that stops mail: %s", n, m.Text)
			}
			if m.HTML != "" || m.Header.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("the mail is no plain automatic one: %v", m.Header)
			}
		})
	}
}

func TestAnAttestationHoldsForWhoeverChecksIt(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	i := a.attested()

	t.Run("at the issuer's endpoint", func(t *testing.T) {
		byToken := a.report(map[string]string{"attestation": i.Public})
		mustHold(t, byToken)
		if byToken.Attestation.Mailbox != "" || byToken.Attestation.Handle != a.handle {
			t.Errorf("got %+v", byToken.Attestation)
		}
		mustHold(t, a.report(map[string]string{"handle": a.handle}))
		mustHold(t, a.report(map[string]string{"handle": a.handle, "expect_handle": a.handle}))
		full := a.report(map[string]string{"attestation": i.Full, "expect_handle": a.handle})
		mustHold(t, full)
		if full.Attestation.Mailbox != a.mailbox {
			t.Error("the disclosure does not reveal the mailbox")
		}
		foreign := a.report(map[string]string{"attestation": i.Public, "expect_handle": "@other@social.example"})
		if foreign.Valid || foreign.Code != verify.SubjectMismatch {
			t.Errorf("beside another account: %s", foreign.Code)
		}
	})
	t.Run("online, over HTTP", func(t *testing.T) {
		source, err := online.New(online.Config{HTTP: &http.Client{Transport: direct}, Trust: []string{w.origin()}})
		if err != nil {
			t.Fatal(err)
		}
		v := verify.New(verify.Config{Source: source})
		mustHold(t, v.Verify(t.Context(), i.Full, verify.ForHandle(a.handle)))
		if r := v.Verify(t.Context(), i.Public, verify.ForHandle("@other@social.example")); r.Code != verify.SubjectMismatch {
			t.Errorf("beside another account: %s", r.Code)
		}
		strangers, err := online.New(online.Config{HTTP: &http.Client{Transport: direct}, Trust: []string{"https://other.example"}})
		if err != nil {
			t.Fatal(err)
		}
		if r := verify.New(verify.Config{Source: strangers}).Verify(t.Context(), i.Public, verify.AnyAccount()); r.Code != verify.IssuerUntrusted {
			t.Errorf("without trust: %s", r.Code)
		}
	})
	t.Run("offline, from files", func(t *testing.T) {
		source, err := verify.NewOffline(verify.Offline{
			Issuer: w.origin(), JWKS: []byte(a.get("/.well-known/jwks.json").text), Lists: []string{a.get("/status/1").text},
		})
		if err != nil {
			t.Fatal(err)
		}
		v := verify.New(verify.Config{Source: source})
		mustHold(t, v.Verify(t.Context(), i.Public, verify.ForHandle(a.handle)))
		tampered := []byte(i.Public)
		tampered[len(tampered)/2] ^= 1
		if r := v.Verify(t.Context(), string(tampered), verify.ForHandle(a.handle)); r.Valid {
			t.Error("a tampered token holds")
		}
	})
	t.Run("looked up", func(t *testing.T) {
		for _, path := range []string{"/v1/attestations/" + i.id(), "/v1/attestations?handle=" + a.handle} {
			var found struct{ ID, Attestation, Status, Handle string }
			a.get(path).want(http.StatusOK).into(&found)
			if found.Attestation != i.Public || found.Status != "valid" || found.ID != i.id() || found.Handle != a.handle {
				t.Errorf("%s: %+v", path, found)
			}
			raw := a.get(path, "Accept: application/dc+sd-jwt").want(http.StatusOK)
			if raw.text != i.Public || raw.header.Get("Content-Type") != "application/dc+sd-jwt" {
				t.Errorf("%s: the token alone is %q", path, raw.text)
			}
		}
	})
}

func TestAnUnlistedBadgeIsNotFoundByItsHandle(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.unlisted = true
	i := a.attested()
	a.get("/v1/attestations?handle="+a.handle).refused(http.StatusNotFound, "attestation_not_found", "")
	a.do(http.MethodPost, "/v1/verify", `{"handle":"`+a.handle+`"}`).refused(http.StatusNotFound, "attestation_not_found", "")
	a.get("/v1/attestations/" + i.id()).want(http.StatusOK)
	mustHold(t, a.report(map[string]string{"attestation": i.Public, "expect_handle": a.handle}))
}

func TestASecondRequestForAnAccountIsRefused(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	other := *a
	other.mailbox = journal.hide("mailbox", unique("other")+"@insee.fr")
	other.proven() // while the account has no badge yet
	i := a.attested()

	later := *a
	later.mailbox = journal.hide("mailbox", unique("later")+"@insee.fr")
	later.ask().refused(http.StatusConflict, "account_has_badge", "/handle")
	other.issue().refused(http.StatusConflict, "account_has_badge", "/handle")
	mustHold(t, a.report(map[string]string{"attestation": i.Public}))
}

func TestASecondRequestForAMailboxReplacesItsBadge(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	first := w.agent(t, instance)
	blank := w.agent(t, instance).ask().want(http.StatusCreated)
	old := first.attested()

	second := w.agent(t, instance)
	second.mailbox = journal.hide("mailbox", strings.Replace(strings.ToUpper(first.mailbox), "@", "+second@", 1))
	second.mailbox = strings.Replace(second.mailbox, "CULTURE.GOUV.FR", "culture.gouv.fr", 1)
	got := second.ask().want(http.StatusCreated)
	if a, b := shapeOf(got), shapeOf(blank); !slices.Equal(a, b) {
		t.Errorf("the answer tells that the mailbox is known: %v, else %v", a, b)
	}
	second.proveAccount()
	m := second.codeMail(1)
	if !strings.Contains(m.Text, first.handle) || !strings.Contains(m.Text, second.handle) {
		t.Errorf("the mail does not name both handles: %s", m.Text)
	}
	mustHold(t, first.report(map[string]string{"attestation": old.Public}))
	second.typeCode(second.nextCode()).want(http.StatusOK)
	second.issue().want(http.StatusCreated)
	issuedAt := time.Now()
	eventually(t, patience, func() error { return hasStatus(first.visitor, old.Public, "revoked") })
	t.Logf("seen after %v", time.Since(issuedAt))
	eventually(t, patience, func() error { return listed(first.visitor, old.Public, verify.Revoked) })
	mustHold(t, second.report(map[string]string{"handle": second.handle}))
	second.mailed(func(m sandbox.Message) bool { return strings.Contains(m.Subject, "révoqué") }, 1)
}

// shapeOf names the members and headers of an answer, whatever their values.
func shapeOf(a answer) []string {
	var members map[string]any
	a.into(&members)
	shape := slices.Sorted(maps.Keys(members))
	return append(shape, slices.Sorted(maps.Keys(a.header))...)
}

func TestManyAgentsAtOnceGetIndicesOfTheirOwn(t *testing.T) {
	t.Parallel()
	const instances, each = 4, 5
	w := shared(t)
	indices := make(chan int64, instances*each)
	var all sync.WaitGroup
	for range instances {
		instance := w.instance(t)
		for range each {
			a := w.agent(t, instance)
			all.Go(func() {
				claims, err := verify.Peek(a.attested().Public)
				if err != nil {
					t.Error(err)
				}
				indices <- claims.StatusIndex
			})
		}
	}
	all.Wait()
	close(indices)
	seen := map[int64]bool{}
	for i := range indices {
		seen[i] = true
	}
	if len(seen) != instances*each {
		t.Errorf("%d agents have %d indices", instances*each, len(seen))
	}
}

func TestParallelIssuancesOfOneRequestGiveOneAttestation(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.proven()
	const calls = 8
	answers := make([]answer, calls)
	var all sync.WaitGroup
	for n := range calls {
		all.Go(func() { answers[n] = a.issue() })
	}
	all.Wait()
	for _, got := range answers {
		if got.want(http.StatusCreated).text != answers[0].text {
			t.Errorf("answers differ:\n%s\n%s", answers[0].text, got.text)
		}
	}
	if n := w.number(t, `SELECT count(*) FROM attestations a JOIN badges b ON b.id = a.badge_id WHERE b.handle = $1`, a.handle); n != 1 {
		t.Errorf("%d attestations were written", n)
	}
}
