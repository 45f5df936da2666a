package fediverse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"cocarde.example/internal/acct"
)

const (
	scopeProfile  = "profile"       // the least there is: Mastodon from 4.3, GoToSocial from 0.19
	scopeAccounts = "read:accounts" // everywhere else

	// probeAfter is how long a registration counts as known to the instance.
	probeAfter = time.Minute
)

func sealPurpose(host string) string { return "app:" + host }

// stored gives the registration that is kept for a host with its secret in
// clear; nil if there is none, or none that can be unsealed.
func (c *Client) stored(ctx context.Context, host acct.Host) (*App, string, error) {
	app, ok, err := c.Apps.App(ctx, host.String())
	if err != nil {
		return nil, "", fmt.Errorf("find registration: %w", err)
	}
	if !ok {
		return nil, "", nil
	}
	secret, err := c.Vault.Open(sealPurpose(app.Host), app.ClientSecret)
	if err != nil {
		return nil, "", nil // sealed under another secret: as good as none
	}
	return &app, string(secret), nil
}

// registered gives a registration that the instance knows. Of callers who ask
// for one instance at a time, one registers and all take what it got: instances
// allow few registrations.
func (c *Client) registered(ctx context.Context, host acct.Host, redirectURI string) (App, error) {
	flight := c.flights.DoChan(host.String()+" "+redirectURI, func() (any, error) {
		// Others wait for this one, so it must not end with its first caller.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		return c.ensure(ctx, host, redirectURI)
	})
	select {
	case <-ctx.Done():
		return App{}, failure(ctx, ctx.Err())
	case r := <-flight:
		if r.Err != nil {
			return App{}, r.Err
		}
		return r.Val.(App), nil
	}
}

func (c *Client) ensure(ctx context.Context, host acct.Host, redirectURI string) (App, error) {
	app, secret, err := c.stored(ctx, host)
	if err != nil {
		return App{}, err
	}
	if app != nil && app.RedirectURI == redirectURI {
		known, err := c.knows(ctx, *app, secret)
		if err != nil || known {
			return *app, err
		}
		if err := c.Apps.ForgetApp(ctx, app.Host, app.ClientID); err != nil {
			return App{}, fmt.Errorf("forget registration: %w", err)
		}
	}
	return c.register(ctx, host, redirectURI)
}

// knows asks the instance whether it still knows our registration. If it does
// not, the agent would end at its error page, and no answer would ever tell us.
// It is asked by redeeming a code that cannot be: RFC 6749 §5.2 has another
// answer for an unknown client than for an unknown code.
func (c *Client) knows(ctx context.Context, app App, secret string) (bool, error) {
	if at, ok := c.confirmed.get(app.ClientID); ok && c.Now().Sub(at) < probeAfter {
		return true, nil
	}
	_, code, err := c.redeem(ctx, app, url.Values{
		"client_id": {app.ClientID}, "client_secret": {secret}, "redirect_uri": {app.RedirectURI},
		"code": {"none"}, "code_verifier": {"none"},
	})
	if err != nil && !errors.Is(err, ErrSignIn) {
		return false, err
	}
	if code == "invalid_client" {
		return false, nil
	}
	c.confirmed.set(app.ClientID, c.Now())
	return true, nil
}

// register registers the program, and keeps the registration. The least scope
// is asked for where the instance lists it, or lists nothing; where it is
// refused, the next one.
func (c *Client) register(ctx context.Context, host acct.Host, redirectURI string) (App, error) {
	m, err := c.metadata(ctx, host)
	if err != nil {
		return App{}, err
	}
	if m.lacks(scopeProfile) {
		return c.registerFor(ctx, host, m, redirectURI, scopeAccounts)
	}
	app, err := c.registerFor(ctx, host, m, redirectURI, scopeProfile)
	if errors.Is(err, errScopeRefused) {
		app, err = c.registerFor(ctx, host, m, redirectURI, scopeAccounts)
	}
	if errors.Is(err, errScopeRefused) {
		return App{}, ErrSignInUnsupported.Because(err)
	}
	return app, err
}

var errScopeRefused = errors.New("fediverse: the instance refuses the registration as it stands")

func (c *Client) registerFor(ctx context.Context, host acct.Host, m metadata, redirectURI, scope string) (App, error) {
	resp, err := c.post(ctx, m.Apps, url.Values{
		"client_name": {c.Name}, "website": {c.Website}, "redirect_uris": {redirectURI}, "scopes": {scope},
	})
	if err != nil {
		return App{}, err
	}
	body, err := read(resp, maxAPI)
	if err != nil {
		return App{}, err
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusCreated:
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity:
		return App{}, errScopeRefused
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return App{}, ErrSignInUnsupported
	default:
		return App{}, refused(resp)
	}
	var answer struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.ID == "" || answer.Secret == "" {
		return App{}, ErrSignInUnsupported.Because(errors.New("the registration's answer has no client id and secret"))
	}
	app := App{
		Host: host.String(), RedirectURI: redirectURI, Scope: scope,
		ClientID: answer.ID, ClientSecret: c.Vault.Seal(sealPurpose(host.String()), []byte(answer.Secret)),
		Authorize: m.Authorize, Token: m.Token, Revoke: m.Revoke,
	}
	if err := c.Apps.SaveApp(ctx, app); err != nil {
		return App{}, fmt.Errorf("keep registration: %w", err)
	}
	c.confirmed.set(app.ClientID, c.Now())
	return app, nil
}
