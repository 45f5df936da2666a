package attest_test

import (
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

// TestFindAccount: looking takes no request from anybody, and has ceilings of its own.
func TestFindAccount(t *testing.T) {
	t.Parallel()
	limits := manyLimits()
	limits.RequestsPerClient = 2
	w := newLinkWorld(t, limits)
	for range 2 {
		a, err := w.FindAccount(t.Context(), "Marie@Social.Example", "192.0.2.1")
		if err != nil || a.Handle.String() != "@Marie@social.example" {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	_, err := w.FindAccount(t.Context(), "@marie@social.example", "192.0.2.1")
	wantFault(t, err, "too_many_requests")
	if f, _ := fault.Of(err); f.RetryAfter <= 0 {
		t.Error("nothing says when to come back")
	}
	if _, err := w.FindAccount(t.Context(), "@marie@social.example", "192.0.2.2"); err != nil {
		t.Error(err)
	}
	w.begin(t, attest.ByLink) // as the client that looks no more
	_, err = w.FindAccount(t.Context(), "marie", "192.0.2.3")
	wantFault(t, err, "handle_malformed")
	if f, _ := fault.Of(err); f.Field != "/handle" {
		t.Errorf("the field is %q", f.Field)
	}
	if m := w.mails(t); len(m) > 0 {
		t.Errorf("mailed: %v", m)
	}
}

func TestFindAgency(t *testing.T) {
	t.Parallel()
	w := newLinkWorld(t, manyLimits())
	a, err := w.FindAgency("marie.dupont@culture.gouv.fr")
	if err != nil || a != (attest.Agency{Domain: "culture.gouv.fr", Name: "Ministère de la Culture", Country: "FR"}) {
		t.Errorf("%+v, %v", a, err)
	}
	for email, code := range map[string]string{"": "address_malformed", "marie@gmail.com": "address_free_mail", "contact@culture.gouv.fr": "address_role", "marie@example.org": "domain_not_listed"} {
		_, err := w.FindAgency(email)
		wantFault(t, err, code)
		if f, _ := fault.Of(err); f.Field != "/email" {
			t.Errorf("%s: the field is %q", code, f.Field)
		}
	}
}

// TestLookAtProfile: before the badge is issued there is nothing to look for.
func TestLookAtProfile(t *testing.T) {
	t.Parallel()
	w := newLinkWorld(t, manyLimits())
	b := w.begin(t, attest.ByLink)
	_, err := w.LookAtProfile(t.Context(), b.ID, b.Token)
	wantFault(t, err, "request_out_of_turn")
	_, err = w.LookAtProfile(t.Context(), b.ID, "other")
	wantFault(t, err, "token_wrong")
	if w.profile.looks != 0 {
		t.Error("the profile was looked at")
	}
}

// TestCodeView: what is left of a code and of the mails is told to whoever holds
// the token.
func TestCodeView(t *testing.T) {
	t.Parallel()
	w := newLinkWorld(t, manyLimits())
	w.profile.set(inFields, nil)
	b := w.begin(t, attest.ByLink)
	if b.Code != nil || b.CodesLeft != 3 {
		t.Errorf("at first: %+v, %d", b.Code, b.CodesLeft)
	}
	if _, err := w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	code := w.mails(t)[0].Code
	wrong := "00000000"
	if code == wrong {
		wrong = "00000001"
	}
	_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, wrong)
	wantFault(t, err, "code_wrong")
	v, err := w.Look(t.Context(), b.ID, b.Token)
	if err != nil || v.Code == nil || v.Code.TriesLeft != 4 || !v.Code.ExpiresAt.Equal(w.now().Add(10*time.Minute)) || v.CodesLeft != 2 {
		t.Errorf("after a wrong code: %+v, %+v, %v", v, v.Code, err)
	}
	if _, err := w.RenewCode(t.Context(), b.ID, b.Token, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if v, err = w.Look(t.Context(), b.ID, b.Token); err != nil || v.Code.TriesLeft != 4 || v.CodesLeft != 1 {
		t.Errorf("a new code brings no new tries: %+v, %v", v.Code, err)
	}
	if _, err := w.ProveMailbox(t.Context(), b.ID, b.Token, w.mails(t)[0].Code); err != nil {
		t.Fatal(err)
	}
	if v, err = w.Look(t.Context(), b.ID, b.Token); err != nil || v.Code != nil {
		t.Errorf("once it is proven: %+v, %v", v.Code, err)
	}
}

// TestSetLang: the mails to come are in the language that was chosen last.
func TestSetLang(t *testing.T) {
	t.Parallel()
	w := newLinkWorld(t, manyLimits())
	w.profile.set(inFields, nil)
	b := w.begin(t, attest.ByLink)
	if b.Lang != "fr" {
		t.Fatalf("begun in %q", b.Lang)
	}
	wantFault(t, w.SetLang(t.Context(), b.ID, b.Token, "tlh"), "language_unsupported")
	wantFault(t, w.SetLang(t.Context(), b.ID, "another", "en"), "token_wrong")
	if err := w.SetLang(t.Context(), b.ID, b.Token, "en"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if m := w.mails(t); len(m) != 1 || m[0].Lang != "en" {
		t.Errorf("mailed: %+v", m)
	}
}
