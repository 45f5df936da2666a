package sandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// accessToken never expires; it lives until it is revoked, and stays known
// after that.
type accessToken struct {
	value   string
	app     *app
	account *Account
	scope   string
	created time.Time
	revoked bool
}

// oauthError is an answer of RFC 6749 section 5.2, in Doorkeeper's words.
type oauthError struct {
	status      int
	code        string
	description string
}

func (e oauthError) write(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, e.status, "application/json", map[string]string{"error": e.code, "error_description": e.description})
}

var (
	invalidRequest = oauthError{http.StatusBadRequest, "invalid_request",
		"The request is missing a required parameter, includes an unsupported parameter value, or is otherwise malformed."}
	invalidClient = oauthError{http.StatusUnauthorized, "invalid_client", unknownClient}
	invalidGrant  = oauthError{http.StatusBadRequest, "invalid_grant",
		"The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."}
	unsupportedGrant = oauthError{http.StatusBadRequest, "unsupported_grant_type",
		"The authorization grant type is not supported by the authorization server."}
	unauthorizedRevocation = oauthError{http.StatusForbidden, "unauthorized_client",
		"You are not authorized to revoke this token"}
)

// client authenticates an application, by Basic or by parameters.
func (i *Instance) client(r *http.Request, params url.Values) (*app, bool) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = params.Get("client_id"), params.Get("client_secret")
	}
	a := i.app(id)
	return a, a != nil && a.authenticates(secret)
}

// token answers POST /oauth/token.
func (i *Instance) token(w http.ResponseWriter, r *http.Request) {
	params, ok := readParams(w, r)
	if !ok {
		return
	}
	client, known := i.client(r, params)
	switch {
	case repeated(params) || params.Get("grant_type") == "":
		invalidRequest.write(w)
	case params.Get("grant_type") != "authorization_code":
		unsupportedGrant.write(w)
	case !known:
		invalidClient.write(w)
	case params.Get("code") == "" || params.Get("redirect_uri") == "":
		invalidRequest.write(w)
	default:
		t, ok := i.redeem(client, params)
		if !ok {
			invalidGrant.write(w)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		writeJSON(w, http.StatusOK, "application/json", map[string]any{
			"access_token": t.value, "token_type": "Bearer", "scope": t.scope, "created_at": t.created.Unix(),
		})
	}
}

// redeem takes a code once and gives a token for it: the one that still lives
// for the same account, application and scope, if there is one.
func (i *Instance) redeem(client *app, params url.Values) (*accessToken, bool) {
	now := i.now()
	i.mu.Lock()
	defer i.mu.Unlock()
	code := params.Get("code")
	g := i.grants[code]
	if g == nil || g.app != client || !now.Before(g.expires) || g.account.deleted ||
		g.redirectURI != params.Get("redirect_uri") || !proves(params.Get("code_verifier"), g.challenge) {
		return nil, false
	}
	delete(i.grants, code)
	for _, t := range i.tokens {
		if !t.revoked && t.app == client && t.account == g.account && t.scope == g.scope {
			return t, true
		}
	}
	t := &accessToken{value: randomText(), app: client, account: g.account, scope: g.scope, created: now}
	i.tokens[t.value] = t
	return t, true
}

// proves checks a PKCE verifier (RFC 7636 section 4.6).
func proves(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// revoke answers POST /oauth/revoke (RFC 7009): 200 for a token that is not
// known, 403 for another application's.
func (i *Instance) revoke(w http.ResponseWriter, r *http.Request) {
	params, ok := readParams(w, r)
	if !ok {
		return
	}
	client, known := i.client(r, params)
	if !known {
		unauthorizedRevocation.write(w)
		return
	}
	i.mu.Lock()
	t := i.tokens[params.Get("token")]
	foreign := t != nil && t.app != client
	if t != nil && !foreign {
		t.revoked = true
	}
	i.mu.Unlock()
	if foreign {
		unauthorizedRevocation.write(w)
		return
	}
	writeJSON(w, http.StatusOK, "application/json", struct{}{})
}

// LiveTokens counts the tokens that were given and not revoked.
func (i *Instance) LiveTokens() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := 0
	for _, t := range i.tokens {
		if !t.revoked {
			n++
		}
	}
	return n
}

// bearer finds the token that a request shows.
func (i *Instance) bearer(r *http.Request) (t accessToken, found bool) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return accessToken{}, false
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	known := i.tokens[value]
	if known == nil {
		return accessToken{}, false
	}
	return *known, true
}
