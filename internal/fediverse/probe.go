package fediverse

import (
	"context"
	"errors"
	"net/url"
	"time"

	"cocarde.example/internal/acct"
)

const (
	// probeAfter is how long a registration counts as known to the instance.
	probeAfter = time.Minute
	// trustFor is how long one counts whose instance answers probes with nonsense.
	trustFor = 30 * 24 * time.Hour
)

var (
	errForgotten = errors.New("fediverse: the instance does not know our registration")
	errCareless  = errors.New("fediverse: the instance does not check authorization codes")
)

// probe asks the instance what it thinks of our registration, by redeeming a code
// that was never given. An instance that no longer knows us would leave the agent
// at its error page, and no answer would ever tell us: errForgotten (RFC 6749 §5.2
// has one answer for an unknown client and another for an unknown code).
//
// One that gives a token all the same does not look at codes. snac 2.75 gives one
// for whoever signed in last through the same registration: if all shared it,
// anybody could finish a sign-in with somebody else's. That is errCareless.
func (c *Client) probe(ctx context.Context, host acct.Host, app App, secret string) error {
	if at, ok := c.confirmed.get(app.ClientID); ok && c.Now().Sub(at) < probeAfter {
		return nil
	}
	token, refusal, err := c.redeem(ctx, app, url.Values{
		"client_id": {app.ClientID}, "client_secret": {secret}, "redirect_uri": {app.RedirectURI},
		"code": {"none"}, "code_verifier": {"none"},
	})
	switch {
	case err == nil:
		c.careless.set(host.String(), struct{}{})
		_ = c.revoke(ctx, app, secret, token) // it may have been somebody's; nothing is kept to try again with
		return errCareless
	case refusal == unknownClient:
		return errForgotten
	case !errors.Is(err, ErrSignIn):
		return err
	}
	c.confirmed.set(app.ClientID, c.Now())
	return nil
}
