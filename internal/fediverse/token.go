package fediverse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
)

const maxBearer = 4096 // bytes of an access token

// visible says whether this can be a bearer token: ASCII that can be seen (RFC
// 6749 appendix A.12).
func visible(token string) bool {
	hidden := func(r rune) bool { return r < '!' || r > '~' }
	return token != "" && len(token) <= maxBearer && !strings.ContainsFunc(token, hidden)
}

func (c *Client) post(ctx context.Context, url string, form url.Values) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, invalid("an endpoint's URL cannot be asked for")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	return send(c.direct, req)
}

// unknownClient is the error code of RFC 6749 §5.2 for a client that the
// instance does not know, or no longer.
const unknownClient = "invalid_client"

// exchange redeems an authorization code for an access token. An instance that
// no longer knows us is forgotten, so that the next sign-in registers anew; a
// registration for one sign-in has served when it fails.
func (c *Client) exchange(ctx context.Context, app App, secret string, a attest.SignInAt, code string) (string, error) {
	token, refusal, err := c.redeem(ctx, app, url.Values{
		"client_id": {app.ClientID}, "client_secret": {secret}, "redirect_uri": {a.RedirectURI},
		"code": {code}, "code_verifier": {a.Verifier},
	})
	if refusal == unknownClient || err != nil && app.single() {
		if err := c.forget(ctx, app); err != nil {
			return "", err
		}
	}
	return token, err
}

// redeem makes an access token request (RFC 6749 §4.1.3). If it is refused, err
// is ErrSignIn and refusal the error code of §5.2, where there is one.
func (c *Client) redeem(ctx context.Context, app App, form url.Values) (token, refusal string, err error) {
	form.Set("grant_type", "authorization_code")
	resp, err := c.post(ctx, app.Token, form)
	if err != nil {
		return "", "", err
	}
	body, err := read(resp, maxAPI)
	if err != nil {
		return "", "", err
	}
	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
		return "", "", refused(resp)
	}
	var answer struct {
		Token string `json:"access_token"`
		Error string `json:"error"`
	}
	malformed := json.Unmarshal(body, &answer) != nil
	switch {
	case resp.StatusCode == http.StatusUnauthorized && answer.Error == "":
		answer.Error = unknownClient // said by the status alone
		fallthrough
	case resp.StatusCode != http.StatusOK:
		return "", answer.Error, ErrSignIn.Because(fmt.Errorf("token request refused with status %d", resp.StatusCode))
	case malformed || !visible(answer.Token):
		return "", "", invalid("the token request's answer has no access token")
	}
	return answer.Token, "", nil
}

// whoHolds gives the actor id of the account that a token was given for.
func (c *Client) whoHolds(ctx context.Context, app App, host acct.Host, token string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.origin(host)+"/api/v1/accounts/verify_credentials", nil)
	if err != nil {
		return "", fmt.Errorf("ask who signed in: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := send(c.direct, req)
	if err != nil {
		return "", err
	}
	body, err := read(resp, maxAPI)
	if err != nil {
		return "", err
	}
	switch {
	case resp.StatusCode == http.StatusForbidden:
		return "", c.forbidden(ctx, app, host)
	case resp.StatusCode >= 500:
		return "", refused(resp)
	case resp.StatusCode != http.StatusOK:
		return "", ErrSignIn.Because(fmt.Errorf("who signed in: status %d", resp.StatusCode))
	}
	return c.holder(ctx, body, host)
}

// forbidden tells a suspended account from a scope that does not suffice: an
// instance without metadata may take a scope that it does not know, and grant
// nothing for it. There the next sign-in asks for the older one.
func (c *Client) forbidden(ctx context.Context, app App, host acct.Host) error {
	if app.Scope != scopeProfile || app.single() {
		return ErrSuspended
	}
	m, err := c.metadata(ctx, host)
	if err != nil {
		return err
	}
	if len(m.Scopes) > 0 {
		return ErrSuspended
	}
	wider, _, err := c.registerFor(ctx, m, app.Host, app.RedirectURI, scopeAccounts)
	if err != nil {
		return ErrSignInUnsupported.Because(err)
	}
	if err := c.save(ctx, wider); err != nil {
		return err
	}
	return ErrSignIn.Because(errors.New("the scope did not suffice; another is asked for next time"))
}

// holder reads the answer to verify_credentials. Where it has no actor id, the
// user's name on this host leads to it.
func (c *Client) holder(ctx context.Context, body []byte, host acct.Host) (string, error) {
	var account struct {
		URI      string `json:"uri"` // Mastodon
		Username string `json:"username"`
		URL      string `json:"url"`
		Pleroma  struct {
			APID string `json:"ap_id"`
		} `json:"pleroma"`
	}
	if err := json.Unmarshal(body, &account); err != nil {
		return "", invalid("verify_credentials: %w", err)
	}
	id := account.URI
	if id == "" {
		id = account.Pleroma.APID
	}
	if id == "" {
		found, err := c.actorOf(ctx, account.Username, account.URL, host)
		if err != nil {
			return "", err
		}
		id = found
	}
	if _, h, err := c.parseURL(id); err != nil || h != host {
		return "", ErrActorMismatch.Because(errors.New("the account that signed in is not on its instance's host"))
	}
	return id, nil
}

// actorOf finds the actor id of a user of a host.
func (c *Client) actorOf(ctx context.Context, username, page string, host acct.Host) (string, error) {
	if _, h, err := c.parseURL(page); err != nil || h != host {
		return "", ErrActorMismatch.Because(errors.New("the page of the account that signed in is not on its instance's host"))
	}
	h, err := acct.ParseHandle(username + "@" + host.String())
	if err != nil {
		return "", invalid("verify_credentials has no user name: %w", err)
	}
	f, err := lookups{c: c, done: map[string]finding{}}.follow(ctx, h)
	if err != nil {
		return "", err
	}
	return f.ids[0], nil
}

// Revoke gives an access token back to its instance (RFC 7009). A fault of kind
// Invalid means that no later attempt can do it either.
func (c *Client) Revoke(ctx context.Context, r attest.Revocation) error {
	app, secret, err := c.stored(ctx, r.Host)
	if err != nil {
		return err
	}
	if app == nil {
		return ErrRevocation.Because(errors.New("no registration is kept for this instance"))
	}
	return c.giveBack(ctx, *app, secret, r.Token)
}

// giveBack revokes a token, and then forgets a registration that served one
// sign-in only.
func (c *Client) giveBack(ctx context.Context, app App, secret, token string) error {
	if err := c.revoke(ctx, app, secret, token); err != nil {
		return err
	}
	if app.single() {
		return c.forget(ctx, app)
	}
	return nil
}

func (c *Client) revoke(ctx context.Context, app App, secret, token string) error {
	resp, err := c.post(ctx, app.Revoke, url.Values{
		"client_id": {app.ClientID}, "client_secret": {secret}, "token": {token},
	})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	t, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode == http.StatusOK:
		return nil
	case resp.StatusCode == http.StatusUnprocessableEntity && t == "text/html":
		return nil // snac, of a token that it no longer knows
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests:
		return refused(resp)
	}
	return ErrRevocation.Because(fmt.Errorf("revocation refused with status %d", resp.StatusCode))
}
