package attest

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/retention"
)

// signInTimeout bounds what is done at the instance once its answer has come.
const signInTimeout = 40 * time.Second

var (
	errSignInUnknown = fault.New(fault.Invalid, "sign_in_unknown",
		"This sign-in was not begun here, or has been completed already. Begin it again from your request.")
	errSignInExpired = fault.New(fault.Gone, "sign_in_expired",
		"The sign-in took longer than 10 minutes. Begin it again from your request.")
	errSignInDenied = fault.New(fault.Forbidden, "sign_in_denied",
		"Your instance did not let the sign-in through. Begin it again, and allow it there.")
	errSignIns = fault.New(fault.Limited, "too_many_sign_ins",
		"This request has had too many sign-ins. Begin a new request.")
	errOtherAccount = fault.New(fault.Conflict, "account_mismatch",
		"You signed in with another account than the one you asked for. Sign out at your instance, then begin the sign-in again with the right account.")
	errAccountCodeMalformed = fault.New(fault.Invalid, "account_code_malformed",
		"A code from another browser has 8 characters, letters and digits. Copy it again.").At("/code")
)

// prepareSignIn makes the secrets of a sign-in and asks the fediverse for the URL.
func (q *Requests) prepareSignIn(ctx context.Context, r Request) (Begun, *SignIn, error) {
	state, browser, verifier := randomSecret(32), randomSecret(32), randomSecret(48)
	url, err := q.fediverse.AuthorizeURL(ctx, SignInAt{
		Host: r.Actor.Host, RedirectURI: q.redirectURI(r), State: state, Verifier: verifier,
	})
	if err != nil {
		return Begun{}, nil, at("/handle", err)
	}
	view := q.view(r)
	view.AuthorizeURL = url
	ends := q.now().Add(signInLifetime)
	return Begun{View: view, Browser: browser, SignInEnds: ends}, &SignIn{
		StateHash: q.vault.CodeHash("state", state),
		Browser:   q.vault.CodeHash("browser", r.ID, browser),
		Verifier:  q.vault.Seal(sealVerifier, []byte(verifier)),
		ExpiresAt: ends,
	}, nil
}

// redirectURI is one for each instance, so that no instance's answer can be
// passed off as another's.
func (q *Requests) redirectURI(r Request) string {
	return q.issuer + "/oauth/callback/" + r.Actor.Host.String()
}

// AdvanceAccount tries the account proof again, by the request's own method: it
// begins the sign-in anew, and the former one can no longer complete; or it looks
// at the profile for the link. The client is as in Beginning.
func (q *Requests) AdvanceAccount(ctx context.Context, id, token, client string) (Begun, error) {
	r, err := q.open(ctx, id, token)
	if err != nil {
		return Begun{}, err
	}
	if r.State != AwaitingAccountProof {
		return Begun{}, errOutOfTurn
	}
	if r.Method == ByLink {
		view, err := q.lookForLink(ctx, r, client)
		return Begun{View: view}, err
	}
	return q.beginSignIn(ctx, r)
}

func (q *Requests) beginSignIn(ctx context.Context, r Request) (Begun, error) {
	if r.SignIns >= maxSignIns {
		return Begun{}, errSignIns
	}
	begun, signIn, err := q.prepareSignIn(ctx, r)
	if err != nil {
		return Begun{}, err
	}
	if err := q.store.AddSignIn(ctx, r.ID, *signIn, maxSignIns); lost(err) {
		return Begun{}, q.notIn(ctx, r.ID)
	} else if err != nil {
		return Begun{}, fmt.Errorf("keep sign-in: %w", err)
	}
	return begun, nil
}

// FinishSignIn takes an instance's answer. In the browser that asked it
// completes the account proof; in any other it yields a code to carry over.
func (q *Requests) FinishSignIn(ctx context.Context, c Callback) (SignedIn, error) {
	r, s, err := q.store.TakeSignIn(ctx, q.vault.CodeHash("state", c.State))
	if errors.Is(err, ErrNotFound) {
		return SignedIn{}, errSignInUnknown
	}
	if err != nil {
		return SignedIn{}, fmt.Errorf("take sign-in: %w", err)
	}
	if err := q.admitCallback(r, s, c); err != nil {
		return SignedIn{}, err
	}
	// From here on the sign-in is used up: it is finished even if nobody waits.
	ctx = context.WithoutCancel(ctx)
	if err := q.whoSignedIn(ctx, r, s, c.Code); err != nil {
		return SignedIn{}, err
	}
	if subtle.ConstantTimeCompare(s.Browser, q.vault.CodeHash("browser", r.ID, c.Browser)) == 1 {
		view, err := q.proveAccount(ctx, r, "")
		return SignedIn{View: view, Issuer: q.issuer}, err
	}
	return q.holdAccountProof(ctx, r)
}

func (q *Requests) admitCallback(r Request, s SignIn, c Callback) error {
	if c.Instance != r.Actor.Host.String() {
		return errSignInUnknown
	}
	if err := q.ended(r); err != nil {
		return err
	}
	if r.State != AwaitingAccountProof {
		return errOutOfTurn
	}
	if !q.now().Before(s.ExpiresAt) {
		return errSignInExpired
	}
	if c.Error != "" || c.Code == "" {
		return errSignInDenied
	}
	return nil
}

// whoSignedIn is nil if the account that signed in is the request's. A token
// that could not be given back is queued, whatever else went wrong.
func (q *Requests) whoSignedIn(ctx context.Context, r Request, s SignIn, code string) error {
	signingIn, cancel := context.WithTimeout(ctx, signInTimeout)
	defer cancel()
	verifier, err := q.vault.Open(sealVerifier, s.Verifier)
	if err != nil {
		return fmt.Errorf("open PKCE verifier: %w", err)
	}
	actorID, unrevoked, err := q.fediverse.FinishSignIn(signingIn, SignInAt{
		Host: r.Actor.Host, RedirectURI: q.redirectURI(r), Verifier: string(verifier),
	}, code)
	if unrevoked != nil {
		e, sealErr := outboxEntry(q.vault, OutboxRevocation, SealRevocation, unrevoked, q.now().Add(retention.Token))
		if sealErr == nil {
			sealErr = q.store.AddOutbox(ctx, *e)
		}
		if sealErr != nil {
			return fmt.Errorf("queue revocation: %w", sealErr)
		}
	}
	if err != nil {
		return err
	}
	if actorID != r.Actor.ID {
		return errOtherAccount
	}
	return nil
}

func (q *Requests) holdAccountProof(ctx context.Context, r Request) (SignedIn, error) {
	code := randomID(8)
	err := q.store.HoldAccountProof(ctx, r.ID, Code{
		Hash: q.vault.CodeHash("account-code", r.ID, code), ExpiresAt: q.now().Add(codeLifetime),
	})
	if lost(err) {
		return SignedIn{}, q.notIn(ctx, r.ID)
	}
	if err != nil {
		return SignedIn{}, fmt.Errorf("hold account proof: %w", err)
	}
	return SignedIn{View: q.view(r), Code: code, Issuer: q.issuer}, nil
}

// ConfirmAccount completes the account proof with the code that the callback
// page showed in another browser.
func (q *Requests) ConfirmAccount(ctx context.Context, id, token, code string) (View, error) {
	r, err := q.open(ctx, id, token)
	if err != nil {
		return View{}, err
	}
	if r.State != AwaitingAccountProof || r.Method != ByOAuth {
		return View{}, errOutOfTurn
	}
	code = plainCode(code)
	if len(code) != 8 {
		return View{}, errAccountCodeMalformed
	}
	if q.late(r.AccountCode) {
		return View{}, errCodeExpired
	}
	held, err := q.store.TakeAccountTry(ctx, r.ID, maxTries)
	if lost(err) {
		return View{}, q.notIn(ctx, r.ID)
	}
	if err != nil {
		return View{}, fmt.Errorf("take try: %w", err)
	}
	if err := q.judge(ctx, r, held, q.vault.CodeHash("account-code", r.ID, code)); err != nil {
		return View{}, err
	}
	return q.proveAccount(ctx, r, "")
}
