package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"

	"cocarde.example/verify"
)

// refusal is an answer that refuses, as an error.
type refusal answer

func (r refusal) Error() string { return fmt.Sprintf("answered %d: %s", r.status, r.body) }

// code gives the stable code of what refused, empty if nothing did.
func code(err error) string {
	var r refusal
	if !errors.As(err, &r) {
		return ""
	}
	var problem struct{ Code string }
	if err := json.Unmarshal([]byte(r.body), &problem); err != nil {
		return r.body
	}
	return problem.Code
}

// errInTheWay: the badge is suspended, or was revoked with its key.
var errInTheWay = errors.New("the badge is not valid")

// notIssued tells why the badge cannot be renewed, where it is for that.
func (a *agent) notIssued(did *act, err error) error {
	switch {
	case code(err) == "badge_revoked" && did != nil && did.what == renewed:
		a.journal.end(did, refused)
	case code(err) == "badge_suspended" && did != nil && did.what == renewed:
		a.journal.end(did, paused)
	default:
		return fmt.Errorf("issue: %w", err)
	}
	return errInTheWay
}

// comesBack gives the agent of a badge that somebody has taken.
func (w *world) comesBack(b *badge, dice *rand.Rand) *agent {
	return &agent{world: w, dice: dice, account: b.account, password: b.password, mailbox: b.mailbox, badge: b}
}

// does has the agent do something with the badge, from the start again where need be.
func (a *agent) does(ctx context.Context, deed string) error {
	for {
		err := a.tries(ctx, deed)
		if !errors.Is(err, errAgain) {
			return err
		}
	}
}

func (a *agent) tries(ctx context.Context, deed string) error {
	if deed == renewed {
		return a.renew(ctx)
	}
	byMailbox := a.chance(2)
	if err := a.access(ctx, byMailbox); err != nil {
		return err
	}
	if err := a.see(ctx, byMailbox); err != nil || deed == seen {
		return err
	}
	if deed == withdrawn || a.chance(3) {
		if err := a.withdraw(ctx); err != nil || deed == withdrawn && !a.chance(3) {
			return err
		}
	}
	return a.erase(ctx)
}

// renew goes the whole way to another attestation under the badge.
func (a *agent) renew(ctx context.Context) error {
	err := a.beginWith(ctx, map[string]any{
		"renews": a.badge.id, "lang": "en", "account_proof": map[string]string{"method": "oauth"},
	})
	if code(err) != "" {
		return a.notIssued(a.journal.begin(a.badge, renewed, "agent", verify.Valid), err)
	}
	for _, step := range []func(context.Context) error{a.signIn, a.typeCode, a.issue} {
		if err != nil {
			return err
		}
		err = step(ctx)
	}
	return err
}

// access gets a request to the badge by one of the proofs.
func (a *agent) access(ctx context.Context, byMailbox bool) error {
	proof, method, prove := "account_proof", "oauth", a.signIn
	if byMailbox {
		proof, method, prove = "mailbox_proof", "code", a.typeCode
	}
	err := a.beginWith(ctx, map[string]any{"accesses": a.badge.id, "lang": "en", proof: map[string]string{"method": method}})
	if err != nil {
		return err
	}
	return prove(ctx)
}

// own is a call on the badge itself. A call that was cut off may have been carried
// out: again says whether there was one.
func (a *agent) own(ctx context.Context, method, what string) (got answer, again bool, err error) {
	for {
		got, err = a.send(ctx, method, "/v1/attestations/"+a.badge.id+what, "", "Authorization: Bearer "+a.request.token)
		if err == nil && got.status < 500 {
			return got, again, nil
		}
		again = true
		if err := wait(ctx, pause); err != nil {
			return answer{}, again, err
		}
	}
}

// see looks at what is kept. The proof of the mailbox shows it, and that of the
// account does not.
func (a *agent) see(ctx context.Context, byMailbox bool) error {
	got, _, err := a.own(ctx, http.MethodGet, "/record")
	if err != nil {
		return err
	}
	var kept struct{ ID, Handle, Mailbox string }
	if err := got.into(&kept); err != nil {
		return fmt.Errorf("see badge %s: %w", a.badge.id, err)
	}
	handle, mailbox := a.account.Handle(), ""
	if byMailbox {
		handle, mailbox = "", a.mailbox
	}
	if kept.ID != a.badge.id || kept.Handle != handle || kept.Mailbox != mailbox {
		a.journal.lose("badge %s is shown as %s", a.badge.id, got.body)
	}
	a.journal.did(seen)
	return nil
}

func (a *agent) withdraw(ctx context.Context) error {
	did := a.journal.begin(a.badge, withdrawn, "agent", verify.Revoked)
	a.step(atWithdraw)
	got, _, err := a.own(ctx, http.MethodDelete, "")
	if err != nil {
		return err
	}
	if got.status != http.StatusNoContent {
		return fmt.Errorf("withdraw badge %s: %w", a.badge.id, refusal(got))
	}
	a.journal.end(did, reached)
	a.journal.did(withdrawn)
	return nil
}

func (a *agent) erase(ctx context.Context) error {
	did := a.journal.begin(a.badge, erased, "agent", verify.Revoked)
	a.step(atErase)
	got, again, err := a.own(ctx, http.MethodDelete, "/record")
	if err != nil {
		return err
	}
	// A call whose answer was lost has erased the request too: nothing is found any more.
	gone := again && got.status == http.StatusNotFound && code(refusal(got)) == "badge_not_found"
	if got.status != http.StatusNoContent && !gone {
		return fmt.Errorf("erase badge %s: %w", a.badge.id, refusal(got))
	}
	a.journal.end(did, changed)
	a.journal.did(erased)
	return nil
}
