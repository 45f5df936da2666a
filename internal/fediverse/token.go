package fediverse

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"cocarde.example/attest"
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
