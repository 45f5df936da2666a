package chain

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/sandbox"
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

// namesNobody holds a mail to what a mailbox may be told that may be somebody else's by now.
func (a *agent) namesNobody(m sandbox.Message, badge string) {
	a.t.Helper()
	whole := m.Subject + "\n" + m.Text + "\n" + m.HTML + "\n" + strings.Join(headersOf(m), "\n")
	for _, private := range []string{a.handle, a.handle[1:], a.account.Username() + " ", "@" + a.account.Username(), a.account.ActorID(), badge, "/b/"} {
		if strings.Contains(whole, private) {
			a.t.Errorf("the mail names %q: %s", private, whole)
		}
	}
}

func headersOf(m sandbox.Message) (all []string) {
	for name, values := range m.Header {
		if name != "To" { // the mailbox itself
			all = append(all, name+": "+strings.Join(values, ","))
		}
	}
	return all
}

func TestARenewalByLinkLooksAtTheProfileAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	first := a.attested()
	w.clock.advance(100 * 24 * time.Hour)
	a.method = "link"
	a.renew(first.id()).want(http.StatusCreated)
	if seen := a.look("https://elsewhere.example/"); seen.State != "awaiting_account_proof" || seen.Link.Expected != first.BadgeURL {
		t.Fatalf("without the link: %+v", seen)
	}
	if n := len(w.mailbox.Messages(a.mailbox)); n > 2 {
		t.Errorf("%d mails before the account was proven", n)
	}
	if seen := a.look(first.BadgeURL); seen.State != "awaiting_mailbox_proof" {
		t.Fatalf("with the link: %+v", seen)
	}
	second := a.renewed()
	if second.id() != first.id() {
		t.Errorf("renewed as %s", second.id())
	}
	if claims, err := verify.Peek(second.Public); err != nil || claims.AccountProof.Method != "link" {
		t.Errorf("the token says %+v, %v", claims.AccountProof, err)
	}
}

// TestAMailboxThatIsSomebodyElsesLearnsNothing lets a mailbox be given to another
// person: every mail that still goes there names neither account nor badge.
func TestAMailboxThatIsSomebodyElsesLearnsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	first := a.attested()
	a.mailed(func(m sandbox.Message) bool { return sandbox.Code(m) == "" }, 1) // that it was issued
	own := len(w.mailbox.Messages(a.mailbox))

	for n, left := range []int{30, 7, 1} {
		w.clock.advance(-w.clock.now().Sub(endOf(t, first)) - time.Duration(left)*24*time.Hour + time.Minute)
		eventually(t, patience, func() error {
			if got := len(w.mailbox.Messages(a.mailbox)); got != own+n+1 {
				return fmt.Errorf("%d days before the end: %d reminders, want %d", left, got-own, n+1)
			}
			return nil
		})
	}
	a.renew(first.id()).want(http.StatusCreated)
	a.proveAccount()
	a.nextCode()
	access := *a
	access.access(first.id(), "code").want(http.StatusCreated)
	access.nextCode()
	for _, m := range w.mailbox.Messages(a.mailbox)[own:] {
		a.namesNobody(m, first.id())
	}
	if got := len(w.mailbox.Messages(a.mailbox)); got != own+5 {
		t.Errorf("%d mails, want 3 reminders and 2 codes", got-own)
	}
	w.clock.advance(2 * 24 * time.Hour)
	eventually(t, patience, func() error { return hasStatusCode(a.visitor, first.Public, verify.Expired) })
	if got := len(w.mailbox.Messages(a.mailbox)); got != own+5 {
		t.Errorf("%d mails after the end", got-own-5)
	}
}

func endOf(t *testing.T, i issued) time.Time {
	t.Helper()
	claims, err := verify.Peek(i.Public)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(claims.ExpiresAt, 0)
}

// TestNobodyIsRemindedWhoAskedForNoMail: nor of a badge that is taken back.
func TestNobodyIsRemindedWhoAskedForNoMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	instance := w.instance(t)
	stopped, suspended, reminded := w.agent(t, instance), w.agent(t, instance), w.agent(t, instance)
	i := stopped.attested()
	taken, last := suspended.attested(), reminded.attested()
	if _, err := w.desk(t).Badges.Suspend(t.Context(), attest.Act{BadgeID: taken.id(), By: "operator", Reason: attest.Other}); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(-w.clock.now().Sub(endOf(t, i)) - 40*24*time.Hour)
	stop := regexp.MustCompile(`\S+/request/stop/\S+`).FindString(stopped.codeMail(1).Text)
	stopped.do(http.MethodPost, strings.TrimPrefix(stop, w.origin()), "", "Origin: "+w.origin(), "Sec-Fetch-Site: same-origin").want(http.StatusSeeOther)
	before := map[*agent]int{}
	for _, a := range []*agent{stopped, suspended, reminded} {
		before[a] = len(w.mailbox.Messages(a.mailbox))
	}
	w.clock.advance(11 * 24 * time.Hour)
	eventually(t, patience, func() error {
		if len(w.mailbox.Messages(reminded.mailbox)) != before[reminded]+1 {
			return errors.New("nobody is reminded")
		}
		return nil
	})
	eventually(t, patience, func() error { return hasStatus(reminded.visitor, last.Public, "valid") })
	for _, a := range []*agent{stopped, suspended} {
		if n := len(w.mailbox.Messages(a.mailbox)); n != before[a] {
			t.Errorf("%d mails to who must get none", n-before[a])
		}
	}
}

func TestTwoRenewalsAtOnceAreBothGood(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	first := a.attested()
	a.renew(first.id()).want(http.StatusCreated)
	a.proveAccount()
	a.typeCode(a.nextCode()).want(http.StatusOK)
	b := *a
	b.renew(first.id()).want(http.StatusCreated)
	b.proveAccount()
	b.typeCode(b.nextCode()).want(http.StatusOK)
	if seen := atOnce(a.issue, b.issue); seen[http.StatusCreated] != 2 {
		t.Fatalf("got %v", seen)
	}
	again := atOnce(a.issue, b.issue) // the badge shows one of them
	if again[http.StatusCreated] != 1 || again[http.StatusConflict] != 1 {
		t.Errorf("again: %v", again)
	}
	if n := w.number(t, `SELECT count(DISTINCT idx) FROM attestations WHERE badge_id = $1`, first.id()); n != 3 {
		t.Errorf("%d indices for three attestations", n)
	}
	mustHold(t, a.report(map[string]string{"handle": a.handle}))
}

func TestARenewalAndARevocationAtOnceLeaveNothingValid(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	desk := w.desk(t)
	for range 4 {
		a := w.agent(t, instance)
		first := a.attested()
		a.renew(first.id()).want(http.StatusCreated)
		a.proveAccount()
		a.typeCode(a.nextCode()).want(http.StatusOK)
		var got answer
		var both sync.WaitGroup
		both.Go(func() { got = a.issue() })
		both.Go(func() {
			if _, err := desk.Badges.Revoke(t.Context(), attest.Act{BadgeID: first.id(), By: "operator", Reason: attest.LeftAgency}); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		tokens := []string{first.Public}
		if got.status == http.StatusCreated {
			var second issued
			got.into(&second)
			tokens = append(tokens, second.Public)
		} else {
			got.refused(http.StatusConflict, "badge_revoked", "")
		}
		for _, token := range tokens {
			eventually(t, patience, func() error { return hasStatus(a.visitor, token, "revoked") })
		}
	}
}

func TestWhatCannotBeRenewedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	instance := w.instance(t)
	a := w.agent(t, instance)
	first := a.attested()
	a.renew("0123456789ab").refused(http.StatusNotFound, "badge_not_found", "")
	desk := w.desk(t)
	act := attest.Act{BadgeID: first.id(), By: "operator", Reason: attest.Other}
	if _, err := desk.Badges.Suspend(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	a.renew(first.id()).refused(http.StatusConflict, "badge_suspended", "")
	if _, err := desk.Badges.Revoke(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	a.renew(first.id()).refused(http.StatusConflict, "badge_revoked", "")

	// Another account signs in.
	b := w.agent(t, instance)
	second := b.attested()
	b.renew(second.id()).want(http.StatusCreated)
	b.visit(b.signInAs(a.account.Username(), a.password), b.cookie).want(http.StatusConflict)
	if s := b.state(); s != "awaiting_account_proof" {
		t.Errorf("another account proved it: %s", s)
	}
	// A mailbox that is another badge's by now is not taken from it.
	c := w.agent(t, instance)
	w.clock.advance(181 * 24 * time.Hour)
	c.mailbox = b.mailbox
	c.codes = codes(w.mailbox.Messages(b.mailbox))
	theirs := c.attested()
	b.codes = codes(w.mailbox.Messages(b.mailbox))
	b.renew(second.id()).want(http.StatusCreated)
	b.proveAccount()
	b.typeCode(b.nextCode()).want(http.StatusOK)
	b.issue().refused(http.StatusConflict, "mailbox_has_badge", "")
	eventually(t, patience, func() error { return hasStatus(c.visitor, theirs.Public, "valid") })
}

// codes counts the mails that carry one.
func codes(all []sandbox.Message) (n int) {
	for _, m := range all {
		if sandbox.Code(m) != "" {
			n++
		}
	}
	return n
}

func TestAnEndedBadgeIsRenewedInItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	first := a.attested()
	w.clock.advance(200 * 24 * time.Hour)
	a.codes = codes(w.mailbox.Messages(a.mailbox))
	a.renew(first.id()).want(http.StatusCreated)
	a.proveAccount()
	second := a.renewed()
	eventually(t, patience, func() error { return hasStatus(a.visitor, second.Public, "valid") })
	if r := a.report(map[string]string{"attestation": first.Public}); r.Code != verify.Expired {
		t.Errorf("the former one is %s", r.Code)
	}
}

// TestRenewalAndErasureOnReplicas goes the way over three servers, each call at another.
func TestRenewalAndErasureOnReplicas(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.agent(t, c.instance(t))
	first := a.attested()
	a.renew(first.id()).want(http.StatusCreated)
	a.proveAccount()
	second := a.renewed()
	c.everywhere(t, second.Public, "valid")
	a.accessed(first.id(), "code")
	a.own(http.MethodDelete, first.id(), "/record").want(http.StatusNoContent)
	for _, token := range []string{first.Public, second.Public} {
		c.everywhere(t, token, "revoked")
	}
	for range replicas {
		a.get("/v1/attestations/"+first.id()).refused(http.StatusNotFound, "badge_not_found", "")
	}
}
