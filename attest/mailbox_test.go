package attest_test

import (
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

func TestMailboxCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.begins(t, marie, mailbox)
	_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, "12345678")
	wantCode(t, err, "request_out_of_turn")
	w.signsIn(t, b)
	code := w.code(t)
	for _, malformed := range []string{"", "1", code + "1", "é"} {
		_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, malformed)
		wantCode(t, err, "code_malformed")
	}
	v, err := w.ProveMailbox(t.Context(), b.ID, b.Token, " "+code[:4]+"\u00a0"+code[4:]+" ")
	must(t, err)
	if v.State != attest.Proven {
		t.Errorf("%+v", v)
	}
	_, err = w.ProveMailbox(t.Context(), b.ID, b.Token, code)
	must(t, err) // the right one again
	_, err = w.ProveMailbox(t.Context(), b.ID, b.Token, wrong(code))
	wantCode(t, err, "request_out_of_turn")
}

func TestMailboxCodeGuessed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.begins(t, marie, mailbox)
	w.signsIn(t, b)
	code := w.code(t)
	for range 4 {
		_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, wrong(code))
		wantCode(t, err, "code_wrong")
	}
	_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, wrong(code))
	wantCode(t, err, "request_refused")
	_, err = w.ProveMailbox(t.Context(), b.ID, b.Token, code)
	wantCode(t, err, "request_refused")
	if w.state(t, b) != attest.Refused {
		t.Error(w.state(t, b))
	}
}

// Only a code of this request counts, and a later one replaces it.
func TestMailboxCodeRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.begins(t, marie, mailbox)
	_, err := w.RenewCode(t.Context(), b.ID, b.Token, "192.0.2.1")
	wantCode(t, err, "request_out_of_turn")
	w.signsIn(t, b)
	first := w.code(t)
	_, err = w.RenewCode(t.Context(), b.ID, b.Token, "192.0.2.1")
	must(t, err)
	second := w.code(t)
	if first != second { // they are alike once in a hundred million times
		_, err = w.ProveMailbox(t.Context(), b.ID, b.Token, first)
		wantCode(t, err, "code_wrong")
	}
	_, err = w.RenewCode(t.Context(), b.ID, b.Token, "192.0.2.1")
	must(t, err)
	_, err = w.RenewCode(t.Context(), b.ID, b.Token, "192.0.2.1")
	wantCode(t, err, "too_many_codes")
	_, err = w.ProveMailbox(t.Context(), b.ID, b.Token, w.code(t))
	must(t, err)
}

func TestMailboxCodeLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.begins(t, marie, mailbox)
	w.signsIn(t, b)
	code := w.code(t)
	w.pass(10 * time.Minute)
	for range 7 { // tries that come late count, and say why they fail
		_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, code)
		wantCode(t, err, "code_expired")
	}
	_, err := w.RenewCode(t.Context(), b.ID, b.Token, "192.0.2.1")
	must(t, err)
	_, err = w.ProveMailbox(t.Context(), b.ID, b.Token, w.code(t))
	must(t, err)
}

// The ceiling of wrong codes is everybody's: it stops codes, and says nothing of
// the mailbox.
func TestCeilingOfWrongCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *attest.RequestsConfig) { c.Limits.WrongCodes = 2 })
	b := w.begins(t, marie, mailbox)
	waiting := w.begins(t, karim, "karim@insee.fr")
	w.signsIn(t, b)
	code := w.code(t)
	for range 2 {
		_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, wrong(code))
		wantCode(t, err, "code_wrong")
	}
	_, err := w.Begin(t.Context(), asks("@lea@social.example", "lea@insee.fr"))
	wantCode(t, err, "codes_paused")
	c := w.fediverse.signIn(t, waiting.AuthorizeURL, karim)
	c.Browser = waiting.Browser
	_, err = w.FinishSignIn(t.Context(), c)
	wantCode(t, err, "codes_paused")
	if n := len(w.mails(t)); n != 1 {
		t.Errorf("%d mails", n)
	}
	_, err = w.ProveMailbox(t.Context(), b.ID, b.Token, code)
	must(t, err) // whoever has a code may use it
	w.pass(24 * time.Hour)
	w.begins(t, "@lea@social.example", "lea@insee.fr")
}

func TestMailLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set   func(*attest.Limits)
		email string
	}{
		"mailbox": {func(l *attest.Limits) { l.MailsPerMailbox = 1 }, "MARIE.dupont+2@culture.gouv.fr"},
		"total":   {func(l *attest.Limits) { l.MailsInTotal = 1 }, "karim@insee.fr"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(rc *attest.RequestsConfig) { c.set(&rc.Limits) })
			w.signsIn(t, w.begins(t, marie, mailbox))
			b := w.begins(t, karim, c.email)
			callback := w.fediverse.signIn(t, b.AuthorizeURL, karim)
			callback.Browser = b.Browser
			_, err := w.FinishSignIn(t.Context(), callback)
			wantCode(t, err, "too_many_mails")
			if f, _ := fault.Of(err); f.RetryAfter <= 0 {
				t.Error("it does not say when to come back")
			}
			if len(w.mails(t)) != 1 {
				t.Error("a mail went out")
			}
		})
	}
}

// Who followed the stop link gets no more codes for 30 days, and nobody can tell.
func TestStoppedMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.begins(t, marie, mailbox)
	w.signsIn(t, b)
	link := w.mails(t)[0].StopURL
	token := link[strings.LastIndexByte(link, '/')+1:]
	if !strings.HasPrefix(link, issuer+"/request/stop/") {
		t.Errorf("link %s", link)
	}
	for _, forged := range []string{"", "x", token + "A", token[:len(token)-2], "A" + token[1:], "%"} {
		if forged != token {
			wantCode(t, w.StopMail(t.Context(), forged), "stop_link_unknown")
		}
	}
	must(t, w.StopMail(t.Context(), token))
	must(t, w.StopMail(t.Context(), token))
	s := w.signsIn(t, w.begins(t, karim, "Marie.Dupont+x@culture.gouv.fr"))
	if s.View.State != attest.AwaitingMailboxProof || len(w.mails(t)) != 1 {
		t.Errorf("%+v, %d mails", s.View, len(w.mails(t)))
	}
	w.pass(30 * 24 * time.Hour)
	w.signsIn(t, w.begins(t, karim, mailbox))
	if len(w.mails(t)) != 2 {
		t.Errorf("%d mails", len(w.mails(t)))
	}
}
