package fediverse

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/retention"
)

const (
	scopeProfile  = "profile"       // the least there is: Mastodon from 4.3, GoToSocial from 0.19
	scopeAccounts = "read:accounts" // everywhere else
)

func sealPurpose(host string) string { return "app:" + host }

// singleHost gives the Host of a registration that serves one sign-in only.
func singleHost(a attest.SignInAt) string {
	sum := sha256.Sum256([]byte(a.Verifier))
	return a.Host.String() + " " + base64.RawURLEncoding.EncodeToString(sum[:])
}

// stored gives the registration that is kept under a host with its secret in
// clear; nil if there is none. One that cannot be unsealed is as good as none.
func (c *Client) stored(ctx context.Context, host string) (*App, string, error) {
	app, ok, err := c.Apps.App(ctx, host)
	if err != nil {
		return nil, "", fmt.Errorf("find registration: %w", err)
	}
	if !ok {
		return nil, "", nil
	}
	secret, err := c.Vault.Open(sealPurpose(app.Host), app.ClientSecret)
	if err != nil {
		return nil, "", c.forget(ctx, app) // sealed under another secret
	}
	return &app, string(secret), nil
}

// single says whether a registration serves one sign-in only.
func (a App) single() bool { return strings.Contains(a.Host, " ") }

func (c *Client) save(ctx context.Context, app App) error {
	if err := c.Apps.SaveApp(ctx, app); err != nil {
		return fmt.Errorf("keep registration: %w", err)
	}
	return nil
}

func (c *Client) forget(ctx context.Context, app App) error {
	if err := c.Apps.ForgetApp(ctx, app.Host, app.ClientID); err != nil {
		return fmt.Errorf("forget registration: %w", err)
	}
	return nil
}

// registered gives a registration that the instance knows: one for all sign-ins
// there, since instances allow few; or one for this sign-in alone, where a
// shared one would prove nothing.
func (c *Client) registered(ctx context.Context, a attest.SignInAt) (App, error) {
	if _, ok := c.careless.get(a.Host.String()); !ok {
		app, err := c.shared(ctx, a.Host, a.RedirectURI)
		if !errors.Is(err, errCareless) {
			return app, err
		}
	}
	app, _, err := c.register(ctx, a.Host, singleHost(a), a.RedirectURI)
	if err != nil {
		return App{}, err
	}
	app.EndsAt = c.Now().Add(retention.Token) // with which it may have to be given back
	return app, c.save(ctx, app)
}

// shared gives the one registration at an instance. Of callers who ask at a
// time, one registers and all take what it got.
func (c *Client) shared(ctx context.Context, host acct.Host, redirectURI string) (App, error) {
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
	app, secret, err := c.stored(ctx, host.String())
	if err != nil {
		return App{}, err
	}
	if app != nil {
		err := errForgotten // as good as that, with another redirect URI
		if app.RedirectURI == redirectURI {
			err = c.probe(ctx, host, *app, secret)
		}
		if err == nil {
			return *app, nil
		}
		if !errors.Is(err, errForgotten) && !errors.Is(err, errCareless) {
			return App{}, err
		}
		if gone := c.forget(ctx, *app); gone != nil {
			return App{}, gone
		}
		if errors.Is(err, errCareless) {
			return App{}, err
		}
	}
	fresh, secret, err := c.register(ctx, host, host.String(), redirectURI)
	if err != nil {
		return App{}, err
	}
	err = c.probe(ctx, host, fresh, secret)
	if errors.Is(err, errForgotten) {
		// It cannot have forgotten this one: its answers tell nothing, and asking
		// again would only have us register each time.
		c.confirmed.set(fresh.ClientID, c.Now().Add(trustFor))
	} else if err != nil {
		return App{}, err
	}
	if err := c.save(ctx, fresh); err != nil {
		return App{}, err
	}
	// Another process that registered at the same time may have been faster.
	kept, _, err := c.stored(ctx, host.String())
	if err != nil || kept == nil {
		return fresh, err
	}
	return *kept, nil
}

// register registers the program, to be kept under a name. The least scope is
// asked for where the instance lists it, or lists nothing; where it is refused,
// the next one.
func (c *Client) register(ctx context.Context, host acct.Host, name, redirectURI string) (App, string, error) {
	m, err := c.metadata(ctx, host)
	if err != nil {
		return App{}, "", err
	}
	scopes := []string{scopeProfile, scopeAccounts}
	if m.lacks(scopeProfile) {
		scopes = scopes[1:]
	}
	for _, scope := range scopes {
		app, secret, err := c.registerFor(ctx, m, name, redirectURI, scope)
		if !errors.Is(err, errScopeRefused) {
			return app, secret, err
		}
	}
	return App{}, "", ErrSignInUnsupported.Because(errScopeRefused)
}

var errScopeRefused = errors.New("fediverse: the instance refuses the registration as it stands")

func (c *Client) registerFor(ctx context.Context, m metadata, name, redirectURI, scope string) (App, string, error) {
	resp, err := c.post(ctx, m.Apps, url.Values{
		"client_name": {c.Name}, "website": {c.Website}, "redirect_uris": {redirectURI}, "scopes": {scope},
	})
	if err != nil {
		return App{}, "", err
	}
	body, err := read(resp, maxAPI)
	if err != nil {
		return App{}, "", err
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusCreated:
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity:
		return App{}, "", errScopeRefused
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return App{}, "", ErrSignInUnsupported
	default:
		return App{}, "", refused(resp)
	}
	var answer struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.ID == "" || answer.Secret == "" {
		return App{}, "", ErrSignInUnsupported.Because(errors.New("the registration's answer has no client id and secret"))
	}
	return App{
		Host: name, RedirectURI: redirectURI, Scope: scope,
		ClientID: answer.ID, ClientSecret: c.Vault.Seal(sealPurpose(name), []byte(answer.Secret)),
		Authorize: m.Authorize, Token: m.Token, Revoke: m.Revoke,
	}, answer.Secret, nil
}
