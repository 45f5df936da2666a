package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// within bounds how long the demo waits for something that must happen; what a
// suspension promises is a second.
const (
	within       = 20 * time.Second
	withinSecond = time.Second
	lookEvery    = 20 * time.Millisecond
)

// surroundings are what the demo has beside the issuer: the agents' own world.
type surroundings struct {
	issuer string
	// signIn does what a person does at their instance, and gives the callback URL.
	signIn func(ctx context.Context, a *agent) (string, error)
	// mailed waits for the newest code in a mailbox.
	mailed func(ctx context.Context, mailbox string) (string, error)
	// mails counts what a mailbox has got.
	mails func(mailbox string) int
	// badges is the command line's way to take back, beside the running server.
	badges *attest.Badges
}

// step is one thing that the demo does, and what came of it.
type step struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// record is what demo --once --json prints.
type record struct {
	Steps        []step            `json:"steps"`
	Issuer       string            `json:"issuer"`
	JWKS         json.RawMessage   `json:"jwks"`
	Attestations []recorded        `json:"attestations"`
	StatusLists  map[string]string `json:"status_lists"`
}

type recorded struct {
	Public         string        `json:"public"`
	WithDisclosure string        `json:"with_disclosure"`
	Handle         string        `json:"handle"`
	BadgeURL       string        `json:"badge_url"`
	Report         verify.Report `json:"report"`
}

// story is the whole way, from a request to a revocation.
type story struct {
	surroundings
	marie, karim *agent
	record       record
	tell         func(step)
}

type deed struct {
	name string
	do   func(context.Context) (detail string, err error)
}

func (s *story) deeds() []deed {
	return []deed{
		{"the issuer publishes its keys", s.keysPublished},
		{"marie asks", s.marieAsks},
		{"no mail goes out before the account is proven", s.noMailYet},
		{"marie signs in at her instance", s.marieSignsIn},
		{"a guessed code is refused", s.guess},
		{"marie types the code from her mailbox", s.marieTypesCode},
		{"marie gets her attestation", s.marieIssued},
		{"asking again gives the same answer", s.repeated},
		{"a second request for her account is refused", s.secondRefused},
		{"karim asks", s.karimAsks},
		{"a callback with a forged state is refused", s.forgedState},
		{"a callback in another browser proves nothing by itself", s.foreignBrowser},
		{"karim types the code from his mailbox and gets his attestation", s.karimIssued},
		{"both attestations hold", s.bothHold},
		{"both hold offline, from keys and list alone", s.bothHoldOffline},
		{"a tampered token fails", s.tampered},
		{"a token beside another account fails", s.otherAccount},
		{"a suspension is seen within a second", s.suspended},
		{"a resumption is seen within a second", s.resumed},
		{"a revocation is seen within a second", s.revoked},
		{"the status list says so too", s.listed},
	}
}

// run does it all and says whether each step did what it should. After a step
// that failed the rest would mean nothing.
func (s *story) run(ctx context.Context) bool {
	for _, d := range s.deeds() {
		detail, err := d.do(ctx)
		if err != nil {
			detail = err.Error()
		}
		done := step{Name: d.name, OK: err == nil, Detail: detail}
		s.record.Steps = append(s.record.Steps, done)
		s.tell(done)
		if err != nil {
			return false
		}
	}
	return true
}

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

func (s *story) bothHold(ctx context.Context) (string, error) {
	s.record.StatusLists = map[string]string{}
	for _, a := range []*agent{s.marie, s.karim} {
		r, err := a.check(ctx, a.issued.Public, a.handle)
		if err != nil {
			return "", err
		}
		if !r.Valid {
			return "", fmt.Errorf("%s: %s", a.handle, r.Code)
		}
		s.record.Attestations = append(s.record.Attestations, recorded{
			Public: a.issued.Public, WithDisclosure: a.issued.WithDisclosure,
			Handle: a.handle, BadgeURL: a.issued.BadgeURL, Report: r,
		})
		claims, err := verify.Peek(a.issued.Public)
		if err != nil {
			return "", err
		}
		list, err := a.fetch(ctx, strings.TrimPrefix(claims.StatusURI, s.issuer))
		if err != nil {
			return "", err
		}
		s.record.StatusLists[claims.StatusURI] = list
	}
	return fmt.Sprintf("%d checks each", len(s.record.Attestations[0].Report.Checks)), nil
}

func (s *story) bothHoldOffline(ctx context.Context) (string, error) {
	var lists []string
	for _, l := range s.record.StatusLists {
		lists = append(lists, l)
	}
	source, err := verify.NewOffline(verify.Offline{Issuer: s.issuer, JWKS: s.record.JWKS, Lists: lists})
	if err != nil {
		return "", err
	}
	v := verify.New(verify.Config{Source: source})
	for _, a := range []*agent{s.marie, s.karim} {
		r := v.Verify(ctx, a.issued.WithDisclosure, verify.ForHandle(a.handle))
		if !r.Valid || r.Attestation.Mailbox != a.mailbox {
			return "", fmt.Errorf("%s: %s", a.handle, r.Code)
		}
	}
	return "and the disclosure reveals the mailbox to whom the agent shows it", nil
}

func (s *story) tampered(ctx context.Context) (string, error) {
	token := []byte(s.karim.issued.Public)
	at := strings.LastIndexByte(s.karim.issued.Public, '.') + 1 // first of the signature
	if token[at] != 'A' {
		token[at] = 'A'
	} else {
		token[at] = 'B'
	}
	return s.answers(ctx, string(token), s.karim.handle, verify.BadSignature, 0)
}

func (s *story) otherAccount(ctx context.Context) (string, error) {
	return s.answers(ctx, s.karim.issued.Public, s.marie.handle, verify.SubjectMismatch, 0)
}

// answers checks that the endpoint gives a code, at once or within some time.
func (s *story) answers(ctx context.Context, token, handle string, want verify.Code, patience time.Duration) (string, error) {
	began := time.Now()
	for {
		r, err := s.marie.check(ctx, token, handle)
		if err != nil {
			return "", err
		}
		took := time.Since(began)
		switch {
		case r.Code == want && patience > 0:
			return fmt.Sprintf("seen after %d ms", took.Milliseconds()), nil
		case r.Code == want:
			return string(want), nil
		case took > patience:
			return "", fmt.Errorf("the endpoint answers %q, not %q", r.Code, want)
		}
		if err := pause(ctx, lookEvery); err != nil {
			return "", err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (s *story) suspended(ctx context.Context) (string, error) {
	return s.takesBack(ctx, s.badges.Suspend, attest.AccountCompromised, verify.StatusSuspended)
}

func (s *story) resumed(ctx context.Context) (string, error) {
	return s.takesBack(ctx, s.badges.Resume, attest.Other, "")
}

func (s *story) revoked(ctx context.Context) (string, error) {
	return s.takesBack(ctx, s.badges.Revoke, attest.LeftAgency, verify.StatusRevoked)
}

func (s *story) takesBack(ctx context.Context, do func(context.Context, attest.Act) (bool, error), why attest.Reason, want verify.Code) (string, error) {
	changed, err := do(ctx, attest.Act{BadgeID: path.Base(s.marie.issued.BadgeURL), By: "operator", Reason: why})
	if err != nil {
		return "", err
	}
	if !changed {
		return "", errors.New("nothing changed")
	}
	return s.answers(ctx, s.marie.issued.Public, s.marie.handle, want, withinSecond)
}

// listed waits for the signing that the revocation triggers.
func (s *story) listed(ctx context.Context) (string, error) {
	claims, err := verify.Peek(s.marie.issued.Public)
	if err != nil {
		return "", err
	}
	for began := time.Now(); ; {
		token, err := s.marie.fetch(ctx, strings.TrimPrefix(claims.StatusURI, s.issuer))
		if err != nil {
			return "", err
		}
		source, err := verify.NewOffline(verify.Offline{Issuer: s.issuer, JWKS: s.record.JWKS, Lists: []string{token}})
		if err != nil {
			return "", err
		}
		r := verify.New(verify.Config{Source: source}).Verify(ctx, s.marie.issued.Public, verify.ForHandle(s.marie.handle))
		if r.Code == verify.StatusRevoked {
			return claims.StatusURI, nil
		}
		if time.Since(began) > within {
			return "", fmt.Errorf("the list still says %q", r.Code)
		}
		if err := pause(ctx, lookEvery); err != nil {
			return "", err
		}
	}
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}
