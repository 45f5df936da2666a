package fediverse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"cocarde.example/internal/acct"
)

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
	if err := c.forget(ctx, app); err != nil {
		return err
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
