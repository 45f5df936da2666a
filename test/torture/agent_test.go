package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"

	"cocarde.example/internal/sandbox"
	"cocarde.example/verify"
)

// agent is a person with an account and a mailbox, and the client of both.
type agent struct {
	*world
	dice     *rand.Rand
	account  *sandbox.Account
	password string
	mailbox  string
	former   *badge // of the same mailbox, to be replaced
	badge    *badge // its own, once it has one

	request      *request
	authorizeURL string
	cookie       string
	tried        map[string]bool // codes
}

// errAgain: this request has come to no good end, as the contract allows; a
// person would begin another.
var errAgain = errors.New("begin again")

// newAgent makes an account. One in six has the mailbox of somebody's badge.
func (w *world) newAgent(dice *rand.Rand) (*agent, error) {
	name := fmt.Sprintf("marie%06d", w.serial.Add(1)) // no name is the beginning of another
	account, err := w.sandbox.Instance.AddAccount(name, "rosette-"+name)
	if err != nil {
		return nil, err
	}
	a := &agent{world: w, dice: dice, account: account, password: "rosette-" + name, mailbox: name + ".dupont@culture.gouv.fr"}
	if a.chance(6) {
		if a.former = w.journal.take(dice); a.former != nil {
			a.mailbox = a.former.mailbox
		}
	}
	return a, nil
}

func (a *agent) chance(oneIn int) bool { return a.dice.IntN(oneIn) == 0 }

// attested goes the whole way, from the start again where need be.
func (a *agent) attested(ctx context.Context) error {
	for {
		err := a.way(ctx)
		if !errors.Is(err, errAgain) {
			return err
		}
	}
}

func (a *agent) way(ctx context.Context) error {
	for _, step := range []func(context.Context) error{a.begin, a.signIn, a.typeCode, a.issue} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ask repeats a call until it is answered.
func (a *agent) ask(ctx context.Context, method, path, body string, headers ...string) (answer, error) {
	for {
		got, err := a.send(ctx, method, path, body, headers...)
		if err == nil && got.status < 500 {
			return got, nil
		}
		if err := wait(ctx, pause); err != nil {
			return answer{}, err
		}
	}
}

// call is one of the request's own calls.
func (a *agent) call(ctx context.Context, method, step, body string) (answer, error) {
	return a.ask(ctx, method, "/v1/requests/"+a.request.id+step, body, "Authorization: Bearer "+a.request.token)
}

// view is what the API says of a request.
type view struct {
	ID, Token, State string
	AuthorizeURL     string `json:"authorize_url"`
}

// look gives the stage at which the request stands.
func (a *agent) look(ctx context.Context) (stage int, err error) {
	got, err := a.call(ctx, http.MethodGet, "", "")
	if err != nil {
		return 0, err
	}
	var v view
	if err := got.into(&v); err != nil {
		return 0, err
	}
	return stageOf(v.State)
}

// stageOf gives the stage of a request in a state, or errAgain for one that ended.
func stageOf(state string) (int, error) {
	switch state {
	case "awaiting_account_proof":
		return begun, nil
	case "awaiting_mailbox_proof":
		return accountProven, nil
	case "proven":
		return mailboxProven, nil
	case "issued":
		return issued, nil
	}
	return 0, errAgain
}

// into decodes the body of an answer that is as wanted.
func (got answer) into(v any) error {
	if got.status/100 != 2 {
		return refusal(got)
	}
	return json.Unmarshal([]byte(got.body), v)
}

func (a *agent) begin(ctx context.Context) error {
	return a.beginWith(ctx, map[string]any{
		"handle": a.account.Handle(), "email": a.mailbox, "lang": "en", "account_proof": map[string]string{"method": "oauth"},
	})
}

// beginWith makes a request. What was mailed before is of no use for it.
func (a *agent) beginWith(ctx context.Context, question map[string]any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	a.tried = map[string]bool{}
	for _, m := range a.sandbox.Mailbox.Messages(a.mailbox) {
		a.tried[sandbox.Code(m)] = true
	}
	a.step(atBegin)
	got, err := a.ask(ctx, http.MethodPost, "/v1/requests", string(body))
	if err != nil {
		return err
	}
	var v view
	if err := got.into(&v); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	_, named := question["handle"]
	a.request = &request{id: v.ID, token: v.Token, mailbox: a.mailbox, handle: a.account.Handle(), named: named, badge: a.badge}
	a.journal.began(a.request)
	if question["account_proof"] == nil {
		return nil
	}
	return a.goThere(got, v)
}

// goThere keeps where the sign-in is, and the cookie that binds it to the browser.
func (a *agent) goThere(got answer, v view) error {
	cookies := (&http.Response{Header: got.header}).Cookies()
	if v.AuthorizeURL == "" || len(cookies) != 1 {
		return fmt.Errorf("no sign-in was begun: %s", got.body)
	}
	a.authorizeURL, a.cookie = v.AuthorizeURL, cookies[0].Name+"="+cookies[0].Value
	return nil
}

func (a *agent) issue(ctx context.Context) error {
	var did *act // beside that something is issued
	switch {
	case a.badge != nil:
		did = a.journal.begin(a.badge, renewed, "agent", verify.Valid)
	case a.former != nil:
		did = a.journal.begin(a.former, replaced, "cocarde", verify.Revoked)
	}
	a.step(atIssue)
	var answers []answer
	for got := range a.twice(func() (answer, error) { return a.call(ctx, http.MethodPost, "/attestation", "") }) {
		if got.err != nil {
			return got.err
		}
		answers = append(answers, got.answer)
	}
	var i struct {
		Public   string `json:"attestation"`
		BadgeURL string `json:"badge_url"`
	}
	if err := answers[0].into(&i); err != nil {
		return a.notIssued(did, err)
	}
	for _, other := range answers[1:] {
		if other.status != answers[0].status || other.body != answers[0].body {
			a.journal.lose("request %s: two answers to one issuance: %d %s\nand %d %s", a.request.id,
				answers[0].status, answers[0].body, other.status, other.body)
		}
	}
	if a.badge == nil {
		id := i.BadgeURL[strings.LastIndexByte(i.BadgeURL, '/')+1:]
		a.badge = &badge{id: id, account: a.account, password: a.password, mailbox: a.mailbox}
	}
	a.journal.answered(a.request, answers[0].body, i.Public, a.badge, did)
	return nil
}
