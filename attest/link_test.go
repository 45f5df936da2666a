package attest_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

var (
	nowhere  = attest.Sighting{FieldLinks: 1, HeadLinks: 2, PageRead: true, Links: []attest.SeenLink{{Where: attest.InHead, Text: "https://a.example/"}}}
	inFields = attest.Sighting{Found: true, Where: attest.InAttachment, FieldLinks: 1}
	errMoved = fault.New(fault.Invalid, "account_moved", "This account has moved.")
)

// manyLimits are reached by no test by chance.
func manyLimits() attest.Limits {
	const many = 1_000_000
	return attest.Limits{
		RequestsPerClient: many, RequestsPerHandle: many, RequestsPerInstance: many, RequestsPerMailbox: many,
		RequestsInTotal: many, MailsPerMailbox: many, MailsPerMailboxADay: many, MailsInTotal: many, WrongCodes: many, LooksPerRequest: many, UnaskedPerClient: many, UnaskedPerMailbox: many,
	}
}

func wantFault(t testing.TB, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func TestLinkProof(t *testing.T) {
	t.Parallel()
	w := newLinkWorld(t, attest.DefaultLimits())
	b := w.begin(t, attest.ByLink)
	if b.AuthorizeURL != "" || b.Browser != "" || b.Token == "" || b.Link != nil || b.Method != attest.ByLink ||
		!strings.HasPrefix(b.BadgeURL, linkIssuer+"/b/") || b.State != attest.AwaitingAccountProof || w.profile.signIns != 0 {
		t.Errorf("begun: %+v", b)
	}

	w.profile.set(nowhere, nil)
	looked, err := w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
	if err != nil || looked.State != attest.AwaitingAccountProof || looked.Link == nil || !reflect.DeepEqual(*looked.Link, nowhere) || looked.Browser != "" {
		t.Fatalf("not found: %+v, %v", looked, err)
	}
	if w.profile.link != b.BadgeURL || w.profile.actor.ID != b.Actor.ID || w.profile.actor.Handle != b.Handle {
		t.Errorf("looked for %s at %+v", w.profile.link, w.profile.actor)
	}
	w.profile.set(attest.Sighting{}, errMoved)
	_, err = w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
	wantFault(t, err, "account_moved")
	_, err = w.ConfirmAccount(t.Context(), b.ID, b.Token, "7k3m9q2x")
	wantFault(t, err, "request_out_of_turn")
	_, err = w.ConfirmAccount(t.Context(), b.ID, b.Token, "7")
	wantFault(t, err, "request_out_of_turn")
	if mails := w.mails(t); len(mails) != 0 {
		t.Fatalf("%d mails before the link was found", len(mails))
	}

	w.profile.set(inFields, nil)
	looked, err = w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
	if err != nil || looked.State != attest.AwaitingMailboxProof || looked.Link == nil || !reflect.DeepEqual(*looked.Link, inFields) {
		t.Fatalf("found: %+v, %v", looked, err)
	}
	mails := w.mails(t)
	if len(mails) != 1 || mails[0].Kind != attest.MailCode || mails[0].Handle != b.Handle.String() {
		t.Fatalf("mails %+v", mails)
	}
	if view, err := w.Look(t.Context(), b.ID, b.Token); err != nil || view.Link != nil || view.Method != attest.ByLink {
		t.Errorf("looked at later: %+v, %v", view, err)
	}
	looks := w.profile.looks
	_, err = w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
	wantFault(t, err, "request_out_of_turn")
	if w.profile.looks != looks {
		t.Error("the profile was looked at once more")
	}
	if view, err := w.ProveMailbox(t.Context(), b.ID, b.Token, mails[0].Code); err != nil || view.State != attest.Proven {
		t.Errorf("%+v, %v", view, err)
	}
}

func TestLooksAreLimited(t *testing.T) {
	t.Parallel()
	w := newLinkWorld(t, attest.DefaultLimits())
	w.profile.set(nowhere, nil)
	b, other := w.begin(t, attest.ByLink), w.begin(t, attest.ByLink)
	for range attest.DefaultLimits().LooksPerRequest {
		if _, err := w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	looks := w.profile.looks
	w.profile.set(inFields, nil)
	_, err := w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
	f, _ := fault.Of(err)
	if wantFault(t, err, "too_many_looks"); f.Kind != fault.Limited || f.RetryAfter <= 0 || f.RetryAfter > time.Hour {
		t.Errorf("come back after %v", f.RetryAfter)
	}
	if w.profile.looks != looks {
		t.Error("looked all the same")
	}
	if v, err := w.AdvanceAccount(t.Context(), other.ID, other.Token, "192.0.2.1"); err != nil || !v.Link.Found {
		t.Errorf("another request: %+v, %v", v, err)
	}
	w.ahead.Add(int64(f.RetryAfter))
	if v, err := w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1"); err != nil || v.State != attest.AwaitingMailboxProof {
		t.Errorf("later: %+v, %v", v, err)
	}
}

func TestLooksAreForOpenLinkRequestsOnly(t *testing.T) {
	t.Parallel()
	w := newLinkWorld(t, manyLimits())
	w.profile.set(inFields, nil)
	signIn := w.begin(t, attest.ByOAuth)
	if again, err := w.AdvanceAccount(t.Context(), signIn.ID, signIn.Token, "192.0.2.1"); err != nil || again.AuthorizeURL == "" || again.Browser == "" || again.Link != nil {
		t.Errorf("by oauth: %+v, %v", again, err)
	}
	b := w.begin(t, attest.ByLink)
	_, err := w.AdvanceAccount(t.Context(), b.ID, signIn.Token, "192.0.2.1")
	wantFault(t, err, "token_wrong")
	if err := w.Withdraw(t.Context(), b.ID, b.Token); err != nil {
		t.Fatal(err)
	}
	_, err = w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
	wantFault(t, err, "request_withdrawn")
	b = w.begin(t, attest.ByLink)
	w.ahead.Add(int64(25 * time.Hour))
	_, err = w.AdvanceAccount(t.Context(), b.ID, b.Token, "192.0.2.1")
	wantFault(t, err, "request_expired")
	if w.profile.looks != 0 || len(w.mails(t)) != 0 {
		t.Errorf("%d looks", w.profile.looks)
	}
	_, err = w.Begin(t.Context(), attest.Beginning{Handle: "@a@social.example", Email: "a@culture.gouv.fr", Method: "LINK", Lang: "fr"})
	wantFault(t, err, "account_proof_unsupported")
}

// TestManyLooksMakeOneMail: of many looks at once that find the link, one proves.
func TestManyLooksMakeOneMail(t *testing.T) {
	t.Parallel()
	w := newLinkWorld(t, manyLimits())
	w.profile.set(inFields, nil)
	b := w.begin(t, attest.ByLink)
	var proved atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := w.AdvanceAccount(context.Background(), b.ID, b.Token, "192.0.2.1")
			if err == nil {
				proved.Add(1)
			} else if fault.Code(err) != "request_out_of_turn" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(w.mails(t)); proved.Load() != 1 || n != 1 {
		t.Errorf("%d looks proved, %d mails", proved.Load(), n)
	}
}

// TestNoMailBeforeTheLinkIsFound tries every order of steps.
func TestNoMailBeforeTheLinkIsFound(t *testing.T) {
	t.Parallel()
	w := newLinkWorld(t, manyLimits())
	rapid.Check(t, func(t *rapid.T) {
		b := w.begin(t, attest.ByLink)
		found, mailed := false, 0
		ctx := context.Background()
		look := func(seen attest.Sighting, err error) {
			w.profile.set(seen, err)
			v, err := w.AdvanceAccount(ctx, b.ID, b.Token, "192.0.2.1")
			found = found || err == nil && v.Link.Found
		}
		steps := map[string]func(){
			"look":         func() { look(nowhere, nil) },
			"look unread":  func() { look(attest.Sighting{}, nil) },
			"look in vain": func() { look(attest.Sighting{}, errors.New("unreachable")) },
			"look moved":   func() { look(attest.Sighting{}, errMoved) },
			"look found":   func() { look(inFields, nil) },
			"account code": func() { _, _ = w.ConfirmAccount(ctx, b.ID, b.Token, "7k3m9q2x") },
			"callback": func() {
				_, _ = w.FinishSignIn(ctx, attest.Callback{Instance: "social.example", State: b.ID, Code: "c"})
			},
			"another code":  func() { _, _ = w.RenewCode(ctx, b.ID, b.Token, "192.0.2.1") },
			"mailbox code":  func() { _, _ = w.ProveMailbox(ctx, b.ID, b.Token, "00000000") },
			"withdraw":      func() { _ = w.Withdraw(ctx, b.ID, b.Token) },
			"an hour later": func() { w.ahead.Add(int64(time.Hour)) },
		}
		names := slices.Sorted(maps.Keys(steps))
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 1, 12).Draw(t, "steps") {
			steps[name]()
			mailed += len(w.mails(t))
			if !found && mailed > 0 {
				t.Fatalf("%s sent a mail before the link was found", name)
			}
		}
		if found && mailed == 0 {
			t.Fatal("the link was found, and no mail went out")
		}
		if view, err := w.Look(ctx, b.ID, b.Token); err != nil || !found && view.State == attest.AwaitingMailboxProof {
			t.Fatalf("%+v, %v", view, err)
		}
	})
}
