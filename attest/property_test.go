package attest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

// TestWhateverTheOrder calls everything in any order, with the right secrets and
// with others', for two accounts and two mailboxes. After each call: no mail
// without an account proof, no attestation without both proofs, at most one badge
// in force for an account and for a mailbox, and nothing private in the log.
func TestWhateverTheOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *attest.RequestsConfig) {
		const many = 1 << 30
		c.Limits = attest.Limits{many, many, many, many, many, many, many, many, many, many, many, many}
	})
	cases, issued := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		cases++
		a := &anyone{w: w, ctx: t.Context(), all: map[string]*asked{}, badges: map[string]*asked{}}
		for _, n := range []string{"a", "b"} {
			a.handles = append(a.handles, fmt.Sprintf("@%s%d@social.example", n, cases))
			a.emails = append(a.emails, fmt.Sprintf("%s.agent%d@insee.fr", n, cases))
		}
		a.mailsBefore = len(w.mails(t))
		rt.Repeat(map[string]func(*rapid.T){
			"":                 a.check,
			"begin":            a.begin,
			"sign in":          a.signIn,
			"forge a callback": a.forge,
			"confirm":          a.confirm,
			"renew":            a.renew,
			"type the code":    a.typeCode,
			"guess":            a.guess,
			"issue":            a.issue,
			"withdraw":         a.withdraw,
			"take back":        a.takeBack,
			"wait": func(rt *rapid.T) {
				w.pass(time.Duration(rapid.SampledFrom([]int{0, 1, 3, 11, 90, 700}).Draw(rt, "minutes")) * time.Minute)
			},
			// Chance alone would seldom go the whole way.
			"go on": a.goOn, "go on, again": a.goOn, "go on, once more": a.goOn, "and go on": a.goOn,
			"sign in elsewhere": a.signInElsewhere,
		})
		issued += len(a.badgesIssued(rt))
		a.drain(rt)
	})
	t.Logf("%d cases issued %d attestations", cases, issued)
	if issued == 0 {
		t.Error("no case went as far as an attestation")
	}
	for _, private := range []string{"agent1", "@insee.fr", "social.example", "code-"} {
		if strings.Contains(w.log.String(), private) {
			t.Errorf("the log holds %q", private)
		}
	}
}

// asked is what the test knows of a request.
type asked struct {
	attest.Begun
	email   string
	url     string // of the newest sign-in
	browser string
	shown   string // code of another browser
	account bool   // was rightly proven
	mailbox bool
	codes   int
}

type anyone struct {
	w               *world
	ctx             context.Context
	handles, emails []string
	requests        []*asked
	all             map[string]*asked // by id
	badges          map[string]*asked // by badge id
	mailsBefore     int
}

func (a *anyone) pick(t *rapid.T) *asked {
	if len(a.requests) == 0 {
		t.Skip("nobody asked yet")
	}
	return rapid.SampledFrom(a.requests).Draw(t, "request")
}

// token is the request's own or another's; right says which.
func (a *anyone) token(t *rapid.T, r *asked) (token string, right bool) {
	token = rapid.SampledFrom([]string{r.Token, r.Token, r.Token, "", r.Browser}).Draw(t, "token")
	return token, token == r.Token
}

// tell lets refusals pass: every call may be refused, but for a reason that may be told.
func tell(t *rapid.T, err error) bool {
	if _, told := fault.Of(err); err != nil && !told {
		t.Fatalf("an internal error: %v", err)
	}
	return err == nil
}

func (a *anyone) begin(t *rapid.T) {
	h, e := rapid.SampledFrom(a.handles).Draw(t, "handle"), rapid.SampledFrom(a.emails).Draw(t, "mailbox")
	b, err := a.w.Begin(a.ctx, asks(h, e))
	if !tell(t, err) {
		return
	}
	r := &asked{Begun: b, email: e, url: b.AuthorizeURL, browser: b.Browser}
	a.requests = append(a.requests, r)
	a.all[b.ID], a.badges[b.BadgeURL] = r, r
}

func (a *anyone) signIn(t *rapid.T) {
	r := a.pick(t)
	if rapid.Bool().Draw(t, "anew") {
		token, right := a.token(t, r)
		b, err := a.w.AdvanceAccount(a.ctx, r.ID, token, "192.0.2.1")
		if tell(t, err) && !right {
			t.Fatal("a stranger began a sign-in")
		}
		if err == nil {
			r.url, r.browser = b.AuthorizeURL, b.Browser
		}
	}
	as := rapid.SampledFrom(a.handles).Draw(t, "as")
	c := a.w.fediverse.signIn(t, r.url, as)
	c.Browser = r.browser
	s, err := a.w.FinishSignIn(a.ctx, c)
	if !tell(t, err) {
		return
	}
	if as != r.Handle.String() || s.Code != "" {
		t.Fatalf("%s proves %s: %+v", as, r.Handle.String(), s)
	}
	r.account = true
	r.codes++
}

func (a *anyone) signInElsewhere(t *rapid.T) {
	r := a.pick(t)
	as := rapid.SampledFrom(a.handles).Draw(t, "as")
	c := a.w.fediverse.signIn(t, r.url, as)
	c.Browser = rapid.SampledFrom([]string{"", "x", r.Token, a.requests[0].browser}).Draw(t, "browser")
	if c.Browser == r.browser {
		t.Skip("the same browser")
	}
	s, err := a.w.FinishSignIn(a.ctx, c)
	if !tell(t, err) {
		return
	}
	if s.Code == "" || as != r.Handle.String() {
		t.Fatalf("%s proves %s elsewhere: %+v", as, r.Handle.String(), s)
	}
	r.shown = s.Code
}

// goOn takes the next right step of the newest request.
func (a *anyone) goOn(t *rapid.T) {
	if len(a.requests) == 0 {
		a.begin(t)
		return
	}
	r := a.requests[len(a.requests)-1]
	switch {
	case !r.account:
		c := a.w.fediverse.signIn(t, r.url, r.Handle.String())
		c.Browser = r.browser
		if _, err := a.w.FinishSignIn(a.ctx, c); tell(t, err) {
			r.account = true
			r.codes++
		}
	case !r.mailbox:
		for _, m := range a.mailed(t, r.email) {
			if m.Handle == r.Handle.String() {
				if _, err := a.w.ProveMailbox(a.ctx, r.ID, r.Token, m.Code); tell(t, err) {
					r.mailbox = true
					return
				}
			}
		}
	default:
		_, err := a.w.Issue(a.ctx, r.ID, r.Token)
		tell(t, err)
	}
}

func (a *anyone) forge(t *rapid.T) {
	r := a.pick(t)
	_, err := a.w.FinishSignIn(a.ctx, attest.Callback{
		Instance: "social.example", State: rapid.SampledFrom([]string{"", "x", r.Token}).Draw(t, "state"), Code: "x", Browser: r.browser,
	})
	if err == nil {
		t.Fatal("a forged callback was taken")
	}
}

func (a *anyone) confirm(t *rapid.T) {
	r := a.pick(t)
	token, right := a.token(t, r)
	code := rapid.SampledFrom([]string{r.shown, "00000000"}).Draw(t, "code")
	_, err := a.w.ConfirmAccount(a.ctx, r.ID, token, code)
	if !tell(t, err) {
		return
	}
	if !right || code != r.shown {
		t.Fatal("a wrong code or a stranger proved the account")
	}
	r.account = true
	r.codes++
}

func (a *anyone) renew(t *rapid.T) {
	r := a.pick(t)
	token, right := a.token(t, r)
	_, err := a.w.RenewCode(a.ctx, r.ID, token, "192.0.2.1")
	if !tell(t, err) {
		return
	}
	if !right || !r.account {
		t.Fatal("a code was sent for a request without an account proof, or for a stranger")
	}
	r.codes++
}

// mailed gives the codes that went to a mailbox in this case.
func (a *anyone) mailed(t *rapid.T, email string) (codes []attest.Message) {
	for _, m := range a.w.mails(t)[a.mailsBefore:] {
		if m.Kind == attest.MailCode && m.To == email {
			codes = append(codes, m)
		}
	}
	return codes
}

func (a *anyone) typeCode(t *rapid.T) {
	r := a.pick(t)
	codes := a.mailed(t, r.email)
	if len(codes) == 0 {
		t.Skip("no code came")
	}
	m := rapid.SampledFrom(codes).Draw(t, "code")
	a.prove(t, r, m.Code, m.Handle == r.Handle.String())
}

func (a *anyone) guess(t *rapid.T) {
	r := a.pick(t)
	a.prove(t, r, rapid.SampledFrom([]string{"00000000", "1", ""}).Draw(t, "guess"), false)
}

func (a *anyone) prove(t *rapid.T, r *asked, code string, mayHold bool) {
	token, right := a.token(t, r)
	_, err := a.w.ProveMailbox(a.ctx, r.ID, token, code)
	if !tell(t, err) {
		return
	}
	if !right || !mayHold || !r.account {
		t.Fatalf("the mailbox was proven: own token %v, own code %v, account %v", right, mayHold, r.account)
	}
	r.mailbox = true
}

func (a *anyone) issue(t *rapid.T) {
	r := a.pick(t)
	token, right := a.token(t, r)
	answer, err := a.w.Issue(a.ctx, r.ID, token)
	if tell(t, err) && (!right || answer.BadgeURL != r.BadgeURL) {
		t.Fatal("issued to a stranger")
	}
}

func (a *anyone) withdraw(t *rapid.T) {
	r := a.pick(t)
	token, right := a.token(t, r)
	if err := a.w.Withdraw(a.ctx, r.ID, token); tell(t, err) && !right {
		t.Fatal("a stranger withdrew")
	}
}

func (a *anyone) takeBack(t *rapid.T) {
	r := a.pick(t)
	do := rapid.SampledFrom([]func(context.Context, attest.Act) (bool, error){
		a.w.badges.Suspend, a.w.badges.Resume, a.w.badges.Revoke,
	}).Draw(t, "act")
	_, err := do(a.ctx, attest.Act{BadgeID: r.BadgeURL[strings.LastIndexByte(r.BadgeURL, '/')+1:], By: "operator", Reason: attest.Other})
	tell(t, err)
}

func (a *anyone) check(t *rapid.T) {
	want := map[string]int{}
	for _, r := range a.requests {
		want[r.email+r.Handle.String()] += r.codes
	}
	got := map[string]int{}
	for _, m := range a.w.mails(t)[a.mailsBefore:] {
		if m.Kind == attest.MailCode {
			got[m.To+m.Handle]++
		}
	}
	for k, n := range got {
		if n > want[k] {
			t.Fatalf("%d mails to %s, %d were earned", n, k, want[k])
		}
	}
	inForce := map[string]int{}
	for _, p := range a.badgesIssued(t) {
		r := a.badges[issuer+"/b/"+p.Badge.ID]
		if !r.account || !r.mailbox || p.Badge.Actor.Handle != r.Handle {
			t.Fatalf("issued without both proofs: %+v", r)
		}
		if p.InForce(a.w.now()) {
			inForce[p.Badge.Actor.ID]++
			inForce[string(p.Badge.MailboxKey)]++
		}
	}
	for k, n := range inForce {
		if n > 1 {
			t.Fatalf("%d badges in force of %q", n, k)
		}
	}
}

// badgesIssued gives those of this case.
func (a *anyone) badgesIssued(t *rapid.T) (found []attest.Published) {
	for _, r := range a.requests {
		p, err := a.w.badges.Published(a.ctx, r.BadgeURL[len(issuer)+len("/b/"):])
		if err == nil {
			found = append(found, p)
		} else if fault.Code(err) != "badge_not_found" {
			t.Fatal(err)
		}
	}
	return found
}

// drain empties the outbox, so that the next case looks at its own mails.
func (a *anyone) drain(t *rapid.T) {
	for _, e := range a.w.outbox(t) {
		must(t, a.w.store.OutboxSent(a.ctx, e.ID))
	}
}
