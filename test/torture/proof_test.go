package torture

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"cocarde.example/internal/sandbox"
)

// told is what one of several clients was told.
type told struct {
	answer answer
	err    error
}

// twice has one client do something or, one time in three, two at once.
func (a *agent) twice(do func() (answer, error)) iter.Seq[told] {
	clients := 1
	if a.chance(3) {
		clients = 2
	}
	all := make(chan told, clients)
	for range clients {
		go func() {
			got, err := do()
			all <- told{got, err}
		}()
	}
	return func(yield func(told) bool) {
		going := true
		for range clients {
			t := <-all // of each, so that none is left behind
			going = going && yield(t)
		}
	}
}

// signIn goes to the instance and back. A callback is good for one time only: if
// its answer is lost, the request says whether it counted.
func (a *agent) signIn(ctx context.Context) error {
	for {
		callback, err := sandbox.SignIn(ctx, a.browser, a.authorizeURL, a.account.Username(), a.password)
		if err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
		a.step(atSignIn)
		visit := func() (answer, error) {
			return a.send(ctx, http.MethodGet, callback, "", "Accept: text/html", "Cookie: "+a.cookie)
		}
		accepted := 0
		for got := range a.twice(visit) {
			if got.err == nil && got.answer.status == http.StatusOK {
				accepted++
			}
		}
		if accepted > 1 {
			a.journal.lose("request %s: a sign-in was accepted twice", a.request.id)
		}
		stage, err := a.look(ctx)
		if err != nil {
			return err
		}
		if stage > begun {
			a.journal.reach(a.request, accountProven)
			return a.signInAgain(visit)
		}
		if accepted > 0 {
			a.journal.lose("request %s: an acknowledged account proof is gone", a.request.id)
		}
		if err := a.otherSignIn(ctx); err != nil {
			return err
		}
	}
}

// signInAgain comes back with a callback that has counted.
func (a *agent) signInAgain(visit func() (answer, error)) error {
	if !a.chance(4) {
		return nil
	}
	if got, err := visit(); err == nil && got.status == http.StatusOK {
		a.journal.lose("request %s: a sign-in was accepted again", a.request.id)
	}
	return nil
}

// otherSignIn begins the sign-in anew; a request has five.
func (a *agent) otherSignIn(ctx context.Context) error {
	got, err := a.call(ctx, http.MethodPost, "/account-proof", "{}")
	if err != nil {
		return err
	}
	if got.status == http.StatusTooManyRequests || got.status == http.StatusConflict {
		return errAgain
	}
	var v view
	if err := got.into(&v); err != nil {
		return fmt.Errorf("begin the sign-in anew: %w", err)
	}
	return a.goThere(got, v)
}

// typeCode types codes from the mail until one counts.
func (a *agent) typeCode(ctx context.Context) error {
	if a.chance(8) {
		if err := a.otherCode(ctx); err != nil {
			return err
		}
	}
	if a.chance(6) {
		if got, err := a.try(ctx, "00000000"); err != nil {
			return err
		} else if got.status == http.StatusGone || got.status == http.StatusConflict {
			return errAgain
		}
	}
	for {
		code, err := a.code(ctx)
		if err != nil {
			return err
		}
		if err := a.prove(ctx, code); !errors.Is(err, errWrong) {
			return err
		}
	}
}

var errWrong = errors.New("not this code")

// prove types a code that may be the right one.
func (a *agent) prove(ctx context.Context, code string) (err error) {
	a.step(atCode)
	accepted, over := false, false
	for got := range a.twice(func() (answer, error) { return a.try(ctx, code) }) {
		switch {
		case got.err != nil:
			err = got.err
		case got.answer.status == http.StatusOK:
			accepted = true
		case got.answer.status != http.StatusForbidden:
			over = true // no try is left, or another client came first
		}
	}
	if err != nil {
		return err
	}
	switch stage, err := a.look(ctx); {
	case err != nil:
		return err
	case stage >= mailboxProven:
		a.journal.reach(a.request, mailboxProven)
		a.journal.spend(a.request, code)
		return nil
	}
	if accepted {
		a.journal.lose("request %s: an acknowledged mailbox proof is gone", a.request.id)
	}
	if over {
		return errAgain
	}
	return errWrong
}

// try types a code; an answer that it is wrong is noted.
func (a *agent) try(ctx context.Context, code string) (answer, error) {
	got, err := a.call(ctx, http.MethodPost, "/mailbox-proof", `{"code":"`+code+`"}`)
	if err == nil && got.status == http.StatusForbidden {
		a.journal.mistyped(a.request)
	}
	return got, err
}

// otherCode asks for a second code. The first, once read, must then be dead.
func (a *agent) otherCode(ctx context.Context) error {
	code, err := a.code(ctx)
	if err != nil {
		return err
	}
	got, err := a.call(ctx, http.MethodPost, "/mailbox-proof", "{}")
	if err != nil || got.status != http.StatusOK {
		return err // it was asked for too often: the last one is good
	}
	got, err = a.try(ctx, code)
	if err == nil && got.status == http.StatusOK {
		a.journal.lose("request %s: a replaced code was accepted", a.request.id)
	}
	return err
}

// code waits for a code that was not tried, the newest first. Mails may come
// twice, and late.
func (a *agent) code(ctx context.Context) (string, error) {
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		mails := a.sandbox.Mailbox.Messages(a.mailbox)
		for i := len(mails) - 1; i >= 0; i-- {
			code := sandbox.Code(mails[i])
			if code != "" && !a.tried[code] && strings.Contains(mails[i].Text, a.request.handle) == a.request.named {
				a.tried[code] = true
				return code, nil
			}
		}
		if _, err := a.sandbox.Mailbox.Wait(patient, a.mailbox, len(mails)+1); err != nil {
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			if stage, _ := a.look(ctx); stage == accountProven {
				return "", fmt.Errorf("request %s: no mail with a code comes: %w", a.request.id, err)
			}
			return "", errAgain
		}
	}
}
