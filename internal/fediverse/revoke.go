package fediverse

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"

	"cocarde.example/attest"
)

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
