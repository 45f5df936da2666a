package chain

import (
	"net/http"
	"strings"
	"testing"

	"cocarde.example/internal/sandbox"
	"cocarde.example/verify"
)

// TestAnAgentProvesTheAccountByALink goes the whole way on an instance that gives
// actors to signed requests only.
func TestAnAgentProvesTheAccountByALink(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	instance.SetSecureMode(true)
	a := w.agent(t, instance)
	a.method = "link"
	b := a.begin()
	if b.AuthorizeURL != "" || !strings.HasPrefix(b.BadgeURL, w.origin()+"/b/") {
		t.Fatalf("begun: %+v", b)
	}

	for _, field := range []string{"", "https://marie.example/", b.BadgeURL + "/", "see " + b.BadgeURL} {
		if seen := a.look(field); seen.State != "awaiting_account_proof" || seen.Link.Found || !seen.Link.PageRead || seen.Link.Expected != b.BadgeURL {
			t.Errorf("field %q: %+v", field, seen)
		}
	}
	a.call(http.MethodPost, "/account-proof", `{"code":"7k3m9q2x"}`).refused(http.StatusConflict, "request_out_of_turn", "")
	a.account.SetSuspended(true)
	a.call(http.MethodPost, "/account-proof", "{}").refused(http.StatusBadRequest, "account_suspended", "")
	a.account.SetSuspended(false)
	if n := len(w.mailbox.Messages(a.mailbox)); n != 0 {
		t.Errorf("%d mails went out before the account was proven", n)
	}

	seen := a.look(b.BadgeURL)
	if seen.State != "awaiting_mailbox_proof" || !seen.Link.Found || seen.Link.Where != "attachment" || seen.Link.FieldLinks != 1 {
		t.Fatalf("with the link in place: %+v", seen)
	}
	a.typeCode(a.nextCode()).want(http.StatusOK)
	var i issued
	a.issue().want(http.StatusCreated).into(&i)
	journal.hide("disclosure", strings.Split(i.Full, "~")[1])
	claims, err := verify.Peek(i.Public)
	if err != nil {
		t.Fatal(err)
	}
	if claims.AccountProof.Method != "link" || claims.Subject != a.account.ActorID() || i.BadgeURL != b.BadgeURL {
		t.Errorf("attested: %+v under %s", claims, i.BadgeURL)
	}
	mustHold(t, a.report(map[string]string{"attestation": i.Public, "expect_handle": a.handle}))
}

// sighting is what an answer tells of a look at the profile.
type sighting struct {
	State string
	Link  struct {
		Found      bool
		Where      string
		Expected   string
		FieldLinks int  `json:"field_links"`
		HeadLinks  int  `json:"head_links"`
		PageRead   bool `json:"page_read"`
	}
}

// look has the profile looked at, with this in its only field.
func (a *agent) look(field string) (s sighting) {
	a.t.Helper()
	if err := a.account.SetFields(sandbox.Field{Name: "Cocarde", Value: field}); err != nil {
		a.t.Fatal(err)
	}
	a.call(http.MethodPost, "/account-proof", "{}").want(http.StatusOK).into(&s)
	return s
}
