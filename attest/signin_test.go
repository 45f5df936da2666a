package attest_test

import (
	"encoding/json"
	"testing"
	"time"

	"cocarde.example/attest"
)

func TestSignInHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.begins(t, marie, mailbox)
	s := w.signsIn(t, b)
	if s.Code != "" || s.View.State != attest.AwaitingMailboxProof || w.state(t, b) != attest.AwaitingMailboxProof {
		t.Errorf("%+v", s)
	}
	mails := w.mails(t)
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	m := mails[0]
	if m.Kind != attest.MailCode || m.To != mailbox || m.Lang != "fr" || m.Issuer != issuer || m.Handle != marie ||
		m.Instance != "social.example" || m.Agency != itsDomain || len(m.Code) != 8 || m.Minutes != 10 || m.Replaces != "" ||
		m.BadgeURL != "" || m.StopURL == "" {
		t.Errorf("%+v", m)
	}
}

func TestSignInRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		as     string
		change func(*world, *attest.Callback)
		code   string
	}{
		"foreign state":    {marie, func(_ *world, c *attest.Callback) { c.State = "forged" }, "sign_in_unknown"},
		"no state":         {marie, func(_ *world, c *attest.Callback) { c.State = "" }, "sign_in_unknown"},
		"other instance":   {marie, func(_ *world, c *attest.Callback) { c.Instance = "evil.example" }, "sign_in_unknown"},
		"denied":           {marie, func(_ *world, c *attest.Callback) { c.Error, c.Code = "access_denied", "" }, "sign_in_denied"},
		"denied with code": {marie, func(_ *world, c *attest.Callback) { c.Error = "access_denied" }, "sign_in_denied"},
		"no code":          {marie, func(_ *world, c *attest.Callback) { c.Code = "" }, "sign_in_denied"},
		"forged code":      {marie, func(_ *world, c *attest.Callback) { c.Code = "forged" }, "instance_refused"},
		"late":             {marie, func(w *world, _ *attest.Callback) { w.pass(10 * time.Minute) }, "sign_in_expired"},
		"too late":         {marie, func(w *world, _ *attest.Callback) { w.pass(24 * time.Hour) }, "request_expired"},
		"another account":  {"@mallory@social.example", func(*world, *attest.Callback) {}, "account_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.begins(t, marie, mailbox)
			callback := w.fediverse.signIn(t, b.AuthorizeURL, c.as)
			callback.Browser = b.Browser
			c.change(w, &callback)
			_, err := w.FinishSignIn(t.Context(), callback)
			wantCode(t, err, c.code)
			if len(w.outbox(t)) != 0 {
				t.Error("a mail went out")
			}
			if s := w.state(t, b); s == attest.AwaitingMailboxProof {
				t.Error("the account counts as proven")
			}
		})
	}
}

func TestSignInOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.begins(t, marie, mailbox)
	c := w.fediverse.signIn(t, b.AuthorizeURL, marie)
	c.Browser = b.Browser
	_, err := w.FinishSignIn(t.Context(), c)
	must(t, err)
	_, err = w.FinishSignIn(t.Context(), c)
	wantCode(t, err, "sign_in_unknown")
}

// Another browser's callback completes nothing; it shows a code that only the
// holder of the request's token can use.
func TestSignInElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.begins(t, marie, mailbox)
	other := w.begins(t, karim, "karim@insee.fr")
	c := w.fediverse.signIn(t, b.AuthorizeURL, marie)
	c.Browser = other.Browser
	s, err := w.FinishSignIn(t.Context(), c)
	must(t, err)
	if len(s.Code) != 8 || s.Issuer != issuer || s.View.Handle.String() != marie || s.View.Agency.Domain != itsDomain {
		t.Errorf("%+v", s)
	}
	if w.state(t, b) != attest.AwaitingAccountProof || len(w.outbox(t)) != 0 {
		t.Error("the account counts as proven")
	}
	_, err = w.ConfirmAccount(t.Context(), other.ID, other.Token, s.Code)
	wantCode(t, err, "request_out_of_turn")
	_, err = w.ConfirmAccount(t.Context(), b.ID, other.Token, s.Code)
	wantCode(t, err, "token_wrong")
	v, err := w.ConfirmAccount(t.Context(), b.ID, b.Token, s.Code[:4]+"-"+s.Code[4:])
	must(t, err)
	if v.State != attest.AwaitingMailboxProof || len(w.mails(t)) != 1 {
		t.Errorf("%+v", v)
	}
	_, err = w.ConfirmAccount(t.Context(), b.ID, b.Token, s.Code)
	wantCode(t, err, "request_out_of_turn")
}

func TestAccountCode(t *testing.T) {
	t.Parallel()
	elsewhere := func(t *testing.T, w *world) (attest.Begun, string) {
		b := w.begins(t, marie, mailbox)
		s, err := w.FinishSignIn(t.Context(), w.fediverse.signIn(t, b.AuthorizeURL, marie))
		must(t, err)
		return b, s.Code
	}
	t.Run("guessed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		b, code := elsewhere(t, w)
		for range 4 {
			_, err := w.ConfirmAccount(t.Context(), b.ID, b.Token, wrong(code))
			wantCode(t, err, "code_wrong")
		}
		_, err := w.ConfirmAccount(t.Context(), b.ID, b.Token, wrong(code))
		wantCode(t, err, "request_refused")
		_, err = w.ConfirmAccount(t.Context(), b.ID, b.Token, code)
		wantCode(t, err, "request_refused")
		if w.state(t, b) != attest.Refused || len(w.outbox(t)) != 0 {
			t.Error("the request goes on")
		}
	})
	t.Run("late", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		b, code := elsewhere(t, w)
		w.pass(10 * time.Minute)
		_, err := w.ConfirmAccount(t.Context(), b.ID, b.Token, code)
		wantCode(t, err, "code_expired")
	})
	t.Run("malformed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		b, _ := elsewhere(t, w)
		for _, code := range []string{"", "1234567", "123456789", "  -- "} {
			_, err := w.ConfirmAccount(t.Context(), b.ID, b.Token, code)
			wantCode(t, err, "account_code_malformed")
		}
	})
	t.Run("dropped by a new sign-in", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		b, code := elsewhere(t, w)
		_, err := w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
		must(t, err)
		_, err = w.ConfirmAccount(t.Context(), b.ID, b.Token, code)
		wantCode(t, err, "request_out_of_turn")
	})
}

func TestBeginSignInAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.begins(t, marie, mailbox)
	former := w.fediverse.signIn(t, b.AuthorizeURL, marie)
	former.Browser = b.Browser
	again, err := w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
	must(t, err)
	if again.Browser == b.Browser || again.AuthorizeURL == b.AuthorizeURL || again.Token != "" {
		t.Errorf("%+v", again)
	}
	_, err = w.FinishSignIn(t.Context(), former)
	wantCode(t, err, "sign_in_unknown")
	for range 3 {
		again, err = w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
		must(t, err)
	}
	_, err = w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
	wantCode(t, err, "too_many_sign_ins")
	w.signsIn(t, again) // the last one still completes
	_, err = w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
	wantCode(t, err, "request_out_of_turn")
}

// A token that could not be given back waits, sealed, whoever signed in.
func TestRevocationQueued(t *testing.T) {
	t.Parallel()
	for _, as := range []string{marie, "@mallory@social.example"} {
		w := newWorld(t)
		w.fediverse.unrevoked = true
		b := w.begins(t, marie, mailbox)
		c := w.fediverse.signIn(t, b.AuthorizeURL, as)
		c.Browser = b.Browser
		_, err := w.FinishSignIn(t.Context(), c)
		if (err == nil) != (as == marie) {
			t.Fatal(err)
		}
		entry := w.outbox(t)[0]
		if entry.Kind != attest.OutboxRevocation || entry.NotAfter.Before(began.Add(24*time.Hour)) || !entry.NotBefore.IsZero() {
			t.Fatalf("%+v", entry)
		}
		plain, err := w.vault.Open(attest.SealRevocation, entry.Body)
		must(t, err)
		var r attest.Revocation
		must(t, json.Unmarshal(plain, &r))
		if r.Host != "social.example" || r.Token != "secret-access-token" {
			t.Errorf("%+v", r)
		}
	}
}
