package fediverse

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"

	"cocarde.example/attest"
)

// maxCode bounds an authorization code, in bytes.
const maxCode = 4096

// AuthorizeURL gives the URL at which the account's holder signs in (RFC 6749
// §4.1.1), with PKCE (RFC 7636) even where the instance ignores it. The program
// is registered at the instance first, unless the instance knows it already.
//
// Errors are faults of this package and of safehttp.
func (c *Client) AuthorizeURL(ctx context.Context, a attest.SignInAt) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	app, err := c.registered(ctx, a)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(app.Authorize)
	if err != nil {
		return "", invalid("the authorization endpoint cannot be parsed")
	}
	challenge := sha256.Sum256([]byte(a.Verifier))
	q := u.Query()
	q.Set("response_type", "code")
	q.Set("client_id", app.ClientID)
	q.Set("redirect_uri", a.RedirectURI)
	q.Set("scope", app.Scope)
	q.Set("state", a.State)
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
	q.Set("code_challenge_method", "S256")
	q.Set("force_login", "true")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// FinishSignIn exchanges the authorization code, asks who signed in, and gives
// the access token back, whether or not the answer was any good. A token that
// the instance did not take back comes as unrevoked.
//
// Errors are faults of this package and of safehttp.
func (c *Client) FinishSignIn(ctx context.Context, a attest.SignInAt, code string) (actorID string, unrevoked *attest.Revocation, err error) {
	if code == "" || len(code) > maxCode {
		return "", nil, ErrSignIn.Because(errors.New("the code is empty or too long"))
	}
	app, secret, err := c.stored(ctx, singleHost(a))
	if err == nil && app == nil {
		app, secret, err = c.stored(ctx, a.Host.String())
	}
	if err != nil {
		return "", nil, err
	}
	if app == nil {
		return "", nil, ErrSignIn.Because(errors.New("no registration is kept for this instance"))
	}
	callCtx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	token, err := c.exchange(callCtx, *app, secret, a, code)
	if err != nil {
		return "", nil, err
	}
	actorID, err = c.whoHolds(callCtx, *app, a.Host, token)

	// The caller may have gone or run out of time: the token ends all the same.
	endCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	if c.giveBack(endCtx, *app, secret, token) != nil {
		unrevoked = &attest.Revocation{Host: app.Host, Token: token}
	}
	return actorID, unrevoked, err
}
