package sandbox

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a Mastodon application.
const (
	maxAppName = 60
	maxAppURL  = 2000
)

// app is a registered OAuth client.
type app struct {
	id, secret   string
	name         string
	website      string
	redirectURIs []string
	scopes       []string
}

// authenticates compares a client secret in constant time.
func (a *app) authenticates(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(a.secret), []byte(secret)) == 1
}

// randomText makes an id, a code or a token: 43 characters from 256 random bits.
func randomText() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// registerApp answers POST /api/v1/apps.
func (i *Instance) registerApp(w http.ResponseWriter, r *http.Request) {
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	if i.appLimit != nil && !i.appLimit.allow(address, i.now()) {
		writeError(w, http.StatusTooManyRequests, "Too many requests")
		return
	}
	params, ok := readParams(w, r)
	if !ok {
		return
	}
	a, problem := newApp(params)
	if problem != "" {
		writeError(w, http.StatusUnprocessableEntity, "Validation failed: "+problem)
		return
	}
	i.mu.Lock()
	i.lastID++
	number := i.lastID
	i.apps[a.id] = a
	i.mu.Unlock()
	writeJSON(w, http.StatusOK, "application/json", map[string]any{
		"id":                       strconv.FormatInt(number, 10),
		"name":                     a.name,
		"website":                  nullable(a.website),
		"scopes":                   a.scopes,
		"redirect_uri":             strings.Join(a.redirectURIs, "\n"),
		"redirect_uris":            a.redirectURIs,
		"client_id":                a.id,
		"client_secret":            a.secret,
		"client_secret_expires_at": 0,
	})
}

func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// newApp validates a registration; problem is what Mastodon would say of it.
func newApp(params url.Values) (a *app, problem string) {
	a = &app{
		id: randomText(), secret: randomText(),
		name:         params.Get("client_name"),
		website:      params.Get("website"),
		redirectURIs: append(params["redirect_uris[]"], strings.Fields(params.Get("redirect_uris"))...),
		scopes:       strings.Fields(params.Get("scopes")),
	}
	if len(a.scopes) == 0 {
		a.scopes = []string{defaultScope}
	}
	switch {
	case strings.TrimSpace(a.name) == "":
		return nil, "Application name can't be blank"
	case utf8.RuneCountInString(a.name) > maxAppName:
		return nil, "Application name is too long (maximum is 60 characters)"
	case len(a.redirectURIs) == 0:
		return nil, "Redirect URI can't be blank"
	case !allKnown(a.scopes):
		return nil, "Scopes doesn't match configured on the server."
	case a.website != "" && !isWebAddress(a.website):
		return nil, "Application website is not a valid URL"
	}
	for _, uri := range a.redirectURIs {
		if problem := redirectProblem(uri); problem != "" {
			return nil, problem
		}
	}
	return a, ""
}

func isWebAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && len(address) <= maxAppURL && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

func redirectProblem(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil || len(uri) > maxAppURL:
		return "Redirect URI must be a valid URI."
	case strings.Contains(uri, "#"):
		return "Redirect URI cannot contain a fragment."
	case u.Scheme == "" || u.Host == "":
		return "Redirect URI must be an absolute URI."
	case slices.Contains([]string{"data", "vbscript", "javascript"}, u.Scheme):
		return "Redirect URI is forbidden by the server."
	}
	return ""
}

// ForgetApps drops every registered application, with its codes and tokens, as
// an instance that was set up anew.
func (i *Instance) ForgetApps() {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.apps)
	clear(i.grants)
	clear(i.tokens)
}

func (i *Instance) app(clientID string) *app {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.apps[clientID]
}
