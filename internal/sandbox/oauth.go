package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// codeLife is how long an authorization code may be redeemed.
const codeLife = 10 * time.Minute

// grant is an authorization code that waits to be redeemed.
type grant struct {
	app         *app
	account     *Account
	scope       string
	redirectURI string
	challenge   string // PKCE, S256
	expires     time.Time
}

// authorization is a request for authorization that may be shown to the user.
type authorization struct {
	app         *app
	scope       string
	redirectURI string
	state       string
	challenge   string
}

// refusal is what the user is told of a request that leads nowhere.
type refusal struct {
	status int
	text   string
}

func refuse(text string) *refusal { return &refusal{http.StatusBadRequest, text} }

const unknownClient = "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."

// challengePattern is a SHA-256 in base64url (RFC 7636 section 4.2).
var challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// checkAuthorization validates what both the page and its form carry. Its
// refusals are shown to the user and never sent to the redirect URI.
func (i *Instance) checkAuthorization(q url.Values) (authorization, *refusal) {
	if repeated(q) {
		return authorization{}, refuse("The request includes a parameter more than once.")
	}
	a := authorization{
		app: i.app(q.Get("client_id")), redirectURI: q.Get("redirect_uri"),
		state: q.Get("state"), challenge: q.Get("code_challenge"),
	}
	if a.app == nil {
		return authorization{}, &refusal{http.StatusUnauthorized, unknownClient}
	}
	wanted := strings.Fields(q.Get("scope"))
	if len(wanted) == 0 {
		wanted = []string{defaultScope}
	}
	a.scope = strings.Join(wanted, " ")
	switch {
	case !slices.Contains(a.app.redirectURIs, a.redirectURI):
		return authorization{}, refuse("The requested redirect uri is malformed or doesn't match client redirect URI.")
	case q.Get("response_type") != "code":
		return authorization{}, refuse("The authorization server does not support this response type.")
	case slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(a.app.scopes, s) }):
		return authorization{}, refuse("The requested scope is invalid, unknown, or malformed.")
	case q.Get("code_challenge_method") != "S256":
		return authorization{}, refuse("The code challenge method must be S256.")
	case !challengePattern.MatchString(a.challenge):
		return authorization{}, refuse("Code challenge is required.")
	}
	return a, nil
}

// authorizePage answers GET /oauth/authorize. There are no sessions here, so
// every sign-in asks for the password, as force_login would have it.
func (i *Instance) authorizePage(w http.ResponseWriter, r *http.Request) {
	a, refused := i.checkAuthorization(r.URL.Query())
	if refused != nil {
		refused.show(w)
		return
	}
	showSignIn(w, http.StatusOK, a, "")
}

// authorize answers the form: it redirects with a code, or with access_denied.
func (i *Instance) authorize(w http.ResponseWriter, r *http.Request) {
	params, ok := readParams(w, r)
	if !ok {
		return
	}
	a, refused := i.checkAuthorization(params)
	if refused != nil {
		refused.show(w)
		return
	}
	switch params.Get("decision") {
	case "deny":
		a.redirect(w, url.Values{
			"error":             {"access_denied"},
			"error_description": {"The resource owner or authorization server denied the request."},
		})
	case "authorize":
		account, ok := i.signIn(params.Get("username"), params.Get("password"))
		if !ok {
			showSignIn(w, http.StatusUnprocessableEntity, a, "Invalid username or password.")
			return
		}
		a.redirect(w, url.Values{"code": {i.issueCode(a, account.Account)}})
	default:
		refuse("Neither authorized nor denied.").show(w)
	}
}

func (i *Instance) issueCode(a authorization, account *Account) string {
	code, now := randomText(), i.now()
	i.mu.Lock()
	defer i.mu.Unlock()
	for old, g := range i.grants {
		if !now.Before(g.expires) {
			delete(i.grants, old)
		}
	}
	i.grants[code] = &grant{
		app: a.app, account: account, scope: a.scope, redirectURI: a.redirectURI,
		challenge: a.challenge, expires: now.Add(codeLife),
	}
	return code
}

// redirect sends the browser back, keeping the query that the redirect URI has.
func (a authorization) redirect(w http.ResponseWriter, answer url.Values) {
	target, err := url.Parse(a.redirectURI)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError) // it was parsed when the app was registered
		return
	}
	if a.state != "" {
		answer.Set("state", a.state)
	}
	if target.RawQuery != "" {
		target.RawQuery += "&"
	}
	target.RawQuery += answer.Encode()
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", target.String())
	w.WriteHeader(http.StatusFound)
}

var signInPage = template.Must(template.New("sign-in").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"/><title>Authorization required</title></head>
<body>
<h1>Authorization required</h1>
<p><strong>{{.App}}</strong>{{with .Website}} ({{.}}){{end}} would like permission to access your account: {{.Scope}}.</p>
{{with .Alert}}<p role="alert">{{.}}</p>{{end}}
<form action="/oauth/authorize" method="post">
{{range $name, $value := .Hidden}}<input type="hidden" name="{{$name}}" value="{{$value}}"/>
{{end}}<p><label>Username <input type="text" name="username" autocomplete="username"/></label></p>
<p><label>Password <input type="password" name="password" autocomplete="current-password"/></label></p>
<p><button type="submit" name="decision" value="authorize">Authorize</button>
<button type="submit" name="decision" value="deny">Deny</button></p>
</form>
</body>
</html>
`))

func showSignIn(w http.ResponseWriter, status int, a authorization, alert string) {
	w.Header().Set("Cache-Control", "no-store")
	writePage(w, status, signInPage, struct {
		App, Website, Scope, Alert string
		Hidden                     map[string]string
	}{
		a.app.name, a.app.website, a.scope, alert,
		map[string]string{
			"client_id": a.app.id, "redirect_uri": a.redirectURI, "response_type": "code", "scope": a.scope,
			"state": a.state, "code_challenge": a.challenge, "code_challenge_method": "S256",
		},
	})
}

var refusalPage = template.Must(template.New("refusal").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"/><title>An error has occurred</title></head>
<body>
<h1>An error has occurred</h1>
<p>{{.}}</p>
</body>
</html>
`))

func (r *refusal) show(w http.ResponseWriter) { writePage(w, r.status, refusalPage, r.text) }
