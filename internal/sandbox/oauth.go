package sandbox

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
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
var challengePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
})

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
	case !challengePattern().MatchString(a.challenge):
		return authorization{}, refuse("Code challenge is required.")
	}
	return a, nil
}

// authorization answers GET /oauth/authorize. Every sign-in asks for the
// password, as force_login would have it; whoever is signed in at the instance
// finds the name filled in.
func (i *Instance) authorization(w http.ResponseWriter, r *http.Request) {
	a, refused := i.checkAuthorization(r.URL.Query())
	if refused != nil {
		i.showRefusal(w, refused)
		return
	}
	v, _ := i.visits.of(r)
	i.showAuthorize(w, http.StatusOK, a, i.login(v.username(), ""))
}

// authorize answers the form: it redirects with a code, or with access_denied.
func (i *Instance) authorize(w http.ResponseWriter, r *http.Request) {
	params, ok := readParams(w, r)
	if !ok {
		return
	}
	a, refused := i.checkAuthorization(params)
	if refused != nil {
		i.showRefusal(w, refused)
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
			i.showAuthorize(w, http.StatusUnprocessableEntity, a, i.login(params.Get("username"), wrongPassword))
			return
		}
		a.redirect(w, url.Values{"code": {i.issueCode(a, account.Account)}})
	default:
		i.showRefusal(w, refuse("Neither authorized nor denied."))
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

// wishes are the scopes that this server's clients ask for, in plain words.
var wishes = map[string]string{
	"profile":        "see your name and your profile, and nothing else",
	"read:accounts":  "see your account and those that you may see",
	"write:accounts": "change your profile",
}

func inPlainWords(scope string) []string {
	words := strings.Fields(scope)
	for n, s := range words {
		if text, ok := wishes[s]; ok {
			words[n] = text
		}
	}
	return words
}

// showAuthorize shows who asks for what, with the form to sign in.
func (i *Instance) showAuthorize(w http.ResponseWriter, status int, a authorization, l login) {
	title := "Authorization required"
	if l.Error != "" {
		title = "Error: " + title
	}
	target, _ := url.Parse(a.redirectURI) // it was parsed when the app was registered
	authorizePage.write(w, status, struct {
		frame
		App, Website, Target string
		Wishes               []string
		Hidden               map[string]string
		Login                login
	}{
		i.frame(title), a.app.name, a.app.website, target.Host, inPlainWords(a.scope),
		map[string]string{
			"client_id": a.app.id, "redirect_uri": a.redirectURI, "response_type": "code", "scope": a.scope,
			"state": a.state, "code_challenge": a.challenge, "code_challenge_method": "S256",
		},
		l,
	})
}

func (i *Instance) showRefusal(w http.ResponseWriter, r *refusal) {
	i.problem(w, r.status, "An error has occurred", r.text)
}
