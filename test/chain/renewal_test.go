package chain

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cocarde.example/verify"
)

// renew begins the renewal of a badge, by the agent's own method.
func (a *agent) renew(badge string) answer {
	a.t.Helper()
	got := a.do(http.MethodPost, "/v1/requests", `{"renews":"`+badge+`","account_proof":{"method":"`+a.method+`"},"lang":"`+a.lang+`"}`)
	if got.status == http.StatusCreated {
		a.remember(got)
	}
	return got
}

// renewed goes the whole way of a renewal whose account proof stands.
func (a *agent) renewed() issued {
	a.t.Helper()
	a.typeCode(a.nextCode()).want(http.StatusOK)
	var i issued
	a.issue().want(http.StatusCreated).into(&i)
	return i
}

func TestARenewalGoesOnUnderTheSameBadge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	first := a.attested()
	w.clock.advance(170 * 24 * time.Hour)

	a.renew(first.id()).want(http.StatusCreated)
	a.proveAccount()
	second := a.renewed()
	if second.id() != first.id() || second.Public == first.Public || second.Full == first.Full {
		t.Fatalf("renewed %s as %s", first.id(), second.id())
	}
	eventually(t, patience, func() error { return hasStatus(a.visitor, first.Public, "valid") }) // to its own end
	mustHold(t, a.report(map[string]string{"attestation": second.Full, "expect_handle": a.handle}))
	former, err := verify.Peek(first.Public)
	if err != nil {
		t.Fatal(err)
	}
	latter, err := verify.Peek(second.Public)
	if err != nil {
		t.Fatal(err)
	}
	if latter.ID == former.ID || latter.StatusIndex == former.StatusIndex || latter.Subject != former.Subject ||
		latter.AccountProof.At-former.AccountProof.At != 170*24*3600 || latter.MailboxProof.At-former.MailboxProof.At != 170*24*3600 {
		t.Errorf("renewed %+v as %+v", former, latter)
	}
	w.clock.advance(11 * 24 * time.Hour)
	eventually(t, patience, func() error { return hasStatusCode(a.visitor, first.Public, verify.Expired) })
	eventually(t, patience, func() error { return hasStatus(a.visitor, second.Public, "valid") })
	if page := a.get("/b/" + first.id()).want(http.StatusOK); !strings.Contains(page.text, `rel="me`) {
		t.Error("the page of a renewed badge vouches for nothing")
	}
}
