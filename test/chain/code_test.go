package chain

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAMailboxCodeIsGuessedFiveTimesAtMost(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	a.typeCode("12345678").refused(http.StatusConflict, "request_out_of_turn", "")
	a.issue().refused(http.StatusConflict, "request_out_of_turn", "")
	a.proveAccount()
	code := a.nextCode()
	a.issue().refused(http.StatusConflict, "request_out_of_turn", "")
	for _, malformed := range []string{"", "1234567", "123456789", "four"} {
		a.typeCode(malformed).refused(http.StatusBadRequest, "code_malformed", "/code")
	}
	for range 4 {
		a.typeCode(wrong(code)).refused(http.StatusForbidden, "code_wrong", "/code")
	}
	a.typeCode(wrong(code)).refused(http.StatusGone, "request_refused", "")
	a.typeCode(code).refused(http.StatusGone, "request_refused", "")
	a.call(http.MethodPost, "/mailbox-proof", "{}").refused(http.StatusGone, "request_refused", "")
	a.issue().refused(http.StatusGone, "request_refused", "")
	if s := a.state(); s != "refused" {
		t.Errorf("the request is %s", s)
	}
}

func TestGuessesAtOnceAreCountedEachForItself(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	a.proveAccount()
	code := a.nextCode()
	const guesses = 20
	var wrongs int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range guesses {
		all.Go(func() {
			got := a.typeCode(wrong(code))
			mu.Lock()
			defer mu.Unlock()
			if got.status == http.StatusForbidden {
				wrongs++
			}
		})
	}
	all.Wait()
	if wrongs > 4 {
		t.Errorf("%d guesses were told to be wrong", wrongs)
	}
	if got := a.typeCode(code); got.status != http.StatusGone {
		t.Errorf("after %d guesses the code gets %d", guesses, got.status)
	}
}

func TestTheRightCodeAgainIsNoError(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	a.proveAccount()
	code := a.nextCode()
	for range 2 {
		a.typeCode(code).want(http.StatusOK)
	}
	a.typeCode(wrong(code)).refused(http.StatusConflict, "request_out_of_turn", "")
	a.issue().want(http.StatusCreated)
	a.typeCode(code).want(http.StatusOK)
	a.typeCode(wrong(code)).refused(http.StatusConflict, "request_out_of_turn", "")
	a.call(http.MethodDelete, "", "").refused(http.StatusConflict, "request_out_of_turn", "")
}

func TestACodeLastsTenMinutesAndARequestThreeCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	a.proveAccount()
	former := a.nextCode()
	w.clock.advance(9 * time.Minute)
	a.typeCode(wrong(former)).refused(http.StatusForbidden, "code_wrong", "/code")
	w.clock.advance(2 * time.Minute)
	a.typeCode(former).refused(http.StatusGone, "code_expired", "/code")
	a.call(http.MethodPost, "/mailbox-proof", "{}").want(http.StatusOK)
	second := a.nextCode()
	if second != former {
		a.typeCode(former).refused(http.StatusForbidden, "code_wrong", "/code")
	}
	a.call(http.MethodPost, "/mailbox-proof", "{}").want(http.StatusOK)
	third := a.nextCode()
	a.call(http.MethodPost, "/mailbox-proof", "{}").refused(http.StatusTooManyRequests, "too_many_codes", "")
	a.typeCode(third).want(http.StatusOK)
}

func TestSprayedCodesPauseEveryMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		s.options.Limits.WrongCodes = 6
		s.clock.toMorning()
	})
	instance := w.instance(t)
	waiting := w.agent(t, instance)
	waiting.begin()
	proven := w.agent(t, instance)
	proven.begin()
	proven.proveAccount()
	good := proven.nextCode()
	for range 2 {
		a := w.agent(t, instance)
		a.begin()
		a.proveAccount()
		code := a.nextCode()
		for range 3 {
			a.typeCode(wrong(code)).refused(http.StatusForbidden, "code_wrong", "/code")
		}
	}
	refused := func(got answer) {
		t.Helper()
		got.refused(http.StatusServiceUnavailable, "codes_paused", "")
		got.retryAfter()
	}
	mails := len(w.mailbox.Messages(""))
	refused(w.agent(t, instance).ask())
	refused(waiting.get(waiting.signIn(), "Cookie: "+waiting.cookie))
	refused(proven.call(http.MethodPost, "/mailbox-proof", "{}"))
	proven.typeCode(good).want(http.StatusOK) // who has a code may use it
	if n := w.number(t, `SELECT count(*) FROM outbox WHERE kind = 'mail'`); n != 0 || len(w.mailbox.Messages("")) != mails {
		t.Errorf("mails went out while codes are paused: %d wait", n)
	}
	w.clock.advance(24 * time.Hour)
	a := w.agent(t, instance)
	a.begin()
	a.proveAccount()
	a.nextCode()
}

// stopLink finds the link that stops mail.
var stopLink = regexp.MustCompile(`http://[^/\s]+(/request/stop/([A-Za-z0-9_-]+))`)

func TestTheLinkInTheMailStopsMailAndTellsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	instance := w.instance(t)
	a := w.agent(t, instance)
	blank := a.ask()
	a.proveAccount()
	m := a.codeMail(1)
	link := stopLink.FindStringSubmatch(m.Text)
	if link == nil {
		t.Fatalf("no link in %s", m.Text)
	}
	journal.hide("stop token", link[2])
	path := link[1]

	a.get(path, "Accept: text/html").want(http.StatusOK) // a scanner looks
	a.do(http.MethodHead, path, "").want(http.StatusOK)
	a.codes = 1
	a.call(http.MethodPost, "/mailbox-proof", "{}").want(http.StatusOK)
	a.nextCode()
	for name, header := range map[string]string{"origin": "Origin: https://evil.example", "site": "Sec-Fetch-Site: cross-site"} {
		if got := a.do(http.MethodPost, path, "", header); got.status != http.StatusForbidden {
			t.Errorf("cross-site by %s: %d", name, got.status)
		}
	}
	forged := path[:len(path)-4] + strings.Map(func(r rune) rune { return 'A' + (r+1)%26 }, path[len(path)-4:])
	a.do(http.MethodPost, forged, "").refused(http.StatusNotFound, "stop_link_unknown", "")
	for range 2 {
		a.do(http.MethodPost, path, "", "Accept: text/html").want(http.StatusSeeOther)
	}
	sent := len(w.mailbox.Messages(a.mailbox))
	a.call(http.MethodPost, "/mailbox-proof", "{}").want(http.StatusOK)
	again := *a
	again.mailbox = journal.hide("mailbox", strings.Replace(a.mailbox, "@", "+other@", 1))
	got := again.ask().want(http.StatusCreated)
	if shape, want := shapeOf(got), shapeOf(blank); strings.Join(shape, " ") != strings.Join(want, " ") {
		t.Errorf("the answer tells that mail was stopped: %v, else %v", shape, want)
	}
	again.proveAccount()
	if n := w.number(t, `SELECT count(*) FROM outbox`); n != 0 {
		t.Errorf("%d mails wait", n)
	}
	w.agent(t, instance).attested() // others go on; whatever waited before has gone out by now
	if n := len(w.mailbox.Messages(a.mailbox)) + len(w.mailbox.Messages(again.mailbox)); n != sent {
		t.Errorf("%d mails came after they were stopped", n-sent)
	}
	w.clock.advance(31 * 24 * time.Hour)
	later := *a
	later.begin()
	later.proveAccount()
	later.codeMail(3)
}

func TestARequestIsWithdrawnOnceAndForAll(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	a.proveAccount()
	code := a.nextCode()
	for range 2 {
		a.call(http.MethodDelete, "", "").want(http.StatusNoContent)
	}
	if s := a.state(); s != "withdrawn" {
		t.Errorf("the request is %s", s)
	}
	a.typeCode(code).refused(http.StatusGone, "request_withdrawn", "")
	a.call(http.MethodPost, "/account-proof", "{}").refused(http.StatusGone, "request_withdrawn", "")
	a.issue().refused(http.StatusGone, "request_withdrawn", "")
	a.begin() // nothing stands in the way of another
}

func TestARequestEndsAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	instance := w.instance(t)
	a, done := w.agent(t, instance), w.agent(t, instance)
	a.proven()
	i := done.attested()
	w.clock.advance(24*time.Hour - time.Minute)
	eventually(t, patience, func() error { return w.caughtUp(t, done.visitor, i.Public) })
	done.issue().want(http.StatusCreated)
	w.clock.advance(time.Minute)
	if s := a.state(); s != "expired" {
		t.Errorf("the request is %s", s)
	}
	a.issue().refused(http.StatusGone, "request_expired", "")
	a.call(http.MethodPost, "/account-proof", "{}").refused(http.StatusGone, "request_expired", "")
	done.issue().refused(http.StatusGone, "request_expired", "")
	if s := done.state(); s != "issued" {
		t.Errorf("the issued request is %s", s)
	}
}

func TestARequestIsOpenToItsTokenAlone(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	a, other := w.agent(t, instance), w.agent(t, instance)
	a.begin()
	other.begin()
	for name, header := range map[string]string{
		"another's": "Bearer " + other.token, "garbage": "Bearer x", "huge": "Bearer " + strings.Repeat("x", 4096), "other scheme": "", "basic": "Basic " + a.token, "empty": "Bearer ",
	} {
		t.Run(name, func(t *testing.T) {
			code := "token_wrong"
			if name == "empty" || name == "basic" || name == "other scheme" {
				code = "token_missing"
			}
			for _, call := range [][2]string{{"GET", ""}, {"DELETE", ""}, {"POST", "/account-proof"}, {"POST", "/mailbox-proof"}, {"POST", "/attestation"}} {
				body := ""
				if call[0] == "POST" {
					body = "{}"
				}
				got := a.do(call[0], "/v1/requests/"+a.id+call[1], body, "Authorization: "+header)
				got.refused(http.StatusUnauthorized, code, "")
				if got.header.Get("WWW-Authenticate") != "Bearer" {
					t.Error("no WWW-Authenticate")
				}
			}
		})
	}
	a.do(http.MethodGet, "/v1/requests/000000000000", "", "Authorization: Bearer "+a.token).refused(http.StatusUnauthorized, "token_wrong", "")
	if s := a.state(); s != "awaiting_account_proof" {
		t.Errorf("the request is %s", s)
	}
}
