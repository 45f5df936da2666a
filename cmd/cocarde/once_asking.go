package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"sync"

	"cocarde.example/attest"
)

func (s *story) keysPublished(ctx context.Context) (string, error) {
	jwks, err := s.marie.fetch(ctx, "/.well-known/jwks.json")
	if err != nil {
		return "", err
	}
	s.record.Issuer, s.record.JWKS = s.issuer, json.RawMessage(jwks)
	return s.issuer + "/.well-known/jwks.json", nil
}

func (s *story) marieAsks(ctx context.Context) (string, error) { return s.asks(ctx, s.marie) }
func (s *story) karimAsks(ctx context.Context) (string, error) { return s.asks(ctx, s.karim) }

func (s *story) asks(ctx context.Context, a *agent) (string, error) {
	if err := a.begin(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s and %s; sign-in at %s", a.request.Handle, a.mailbox, hostOf(a.request.AuthorizeURL)), nil
}

func (s *story) noMailYet(context.Context) (string, error) {
	if n := s.mails(s.marie.mailbox); n != 0 {
		return "", fmt.Errorf("%d mails came", n)
	}
	return "the mailbox is empty", nil
}

func (s *story) marieSignsIn(ctx context.Context) (string, error) {
	callback, err := s.signIn(ctx, s.marie)
	if err != nil {
		return "", err
	}
	status, _, err := s.marie.visit(ctx, callback, s.marie.cookie)
	if err != nil || status != 200 {
		return "", errors.Join(err, fmt.Errorf("callback: status %d", status))
	}
	return s.stands(ctx, s.marie, attest.AwaitingMailboxProof)
}

// stands checks where the request of an agent stands.
func (s *story) stands(ctx context.Context, a *agent, want attest.State) (string, error) {
	state, err := a.look(ctx)
	if err == nil && state != string(want) {
		err = fmt.Errorf("the request stands at %s, not at %s", state, want)
	}
	return "the request stands at " + state, err
}

func (s *story) guess(ctx context.Context) (string, error) {
	code, err := s.mailed(ctx, s.marie.mailbox)
	if err != nil {
		return "", err
	}
	guessed := "00000000"
	if code == guessed {
		guessed = "00000001"
	}
	return "code_wrong", refusedWith("code_wrong", s.marie.proveMailbox(ctx, guessed))
}

func (s *story) marieTypesCode(ctx context.Context) (string, error) { return s.typesCode(ctx, s.marie) }

func (s *story) typesCode(ctx context.Context, a *agent) (string, error) {
	code, err := s.mailed(ctx, a.mailbox)
	if err != nil {
		return "", err
	}
	if err := a.proveMailbox(ctx, code); err != nil {
		return "", err
	}
	return s.stands(ctx, a, attest.Proven)
}

func (s *story) marieIssued(ctx context.Context) (string, error) { return s.getsIssued(ctx, s.marie) }

func (s *story) getsIssued(ctx context.Context, a *agent) (detail string, err error) {
	a.issued, err = a.issue(ctx)
	return a.issued.BadgeURL, err
}

func (s *story) repeated(ctx context.Context) (string, error) {
	again, err := s.marie.issue(ctx)
	if err == nil && again != s.marie.issued {
		err = errors.New("the answers differ")
	}
	return "byte for byte, disclosure included", err
}

func (s *story) secondRefused(ctx context.Context) (string, error) {
	second := *s.marie
	second.request = requestAnswer{}
	return "account_has_badge", refusedWith("account_has_badge", second.begin(ctx))
}

func (s *story) forgedState(ctx context.Context) (string, error) {
	callback, err := s.signIn(ctx, s.karim)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(callback)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("state", "forged")
	u.RawQuery = q.Encode()
	status, _, err := s.karim.visit(ctx, u.String(), s.karim.cookie)
	if err != nil {
		return "", err
	}
	if status < 400 {
		return "", fmt.Errorf("status %d", status)
	}
	return s.stands(ctx, s.karim, attest.AwaitingAccountProof)
}

// shownCode finds the code on the callback page.
var shownCode = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`<output[^>]*>([0-9a-z]{4})[ -]?([0-9a-z]{4})</output>`)
})

func (s *story) foreignBrowser(ctx context.Context) (string, error) {
	callback, err := s.signIn(ctx, s.karim)
	if err != nil {
		return "", err
	}
	status, page, err := s.karim.visit(ctx, callback, nil)
	if err != nil || status != 200 {
		return "", errors.Join(err, fmt.Errorf("callback: status %d", status))
	}
	if _, err := s.stands(ctx, s.karim, attest.AwaitingAccountProof); err != nil {
		return "", err
	}
	found := shownCode().FindStringSubmatch(html.UnescapeString(page))
	if found == nil {
		return "", errors.New("the page shows no code")
	}
	if err := s.karim.proveAccount(ctx, found[1]+found[2]); err != nil {
		return "", err
	}
	return "it shows a code, which only the holder of the request can use", nil
}

func (s *story) karimIssued(ctx context.Context) (string, error) {
	if _, err := s.typesCode(ctx, s.karim); err != nil {
		return "", err
	}
	return s.getsIssued(ctx, s.karim)
}
