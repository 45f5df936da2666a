package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	callback = "http://127.0.0.1:8080/oauth/callback/one?keep=1"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

type registered struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
}

func register(t *testing.T, i *Instance, scopes string) registered {
	t.Helper()
	a := post(t, i.BaseURL()+"/api/v1/apps", url.Values{
		"client_name": {"Cocarde & <co>"}, "redirect_uris": {callback}, "scopes": {scopes},
		"website": {"https://cocarde.example"},
	})
	if a.status != http.StatusOK {
		t.Fatalf("registering: %d %s", a.status, a.body)
	}
	return decode[registered](t, a)
}

func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(a.body), &value); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return value
}

func authorizeQuery(client registered) url.Values {
	return url.Values{
		"client_id": {client.ID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"profile"},
		"state": {`st&"<ate`}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"}, "force_login": {"true"},
	}
}

func authorizeURL(i *Instance, q url.Values) string {
	return i.BaseURL() + "/oauth/authorize?" + q.Encode()
}

// codeFor signs marie in and takes the code from where she is sent.
func codeFor(t *testing.T, i *Instance, client registered) string {
	t.Helper()
	back, err := SignIn(contextFor(t), LoopbackClient(), authorizeURL(i, authorizeQuery(client)), "marie", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(back)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("code")
}

func tokenForm(client registered, code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client.ID}, "client_secret": {client.Secret},
		"code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
	}
}

type tokenAnswer struct {
	Token   string `json:"access_token"`
	Type    string `json:"token_type"`
	Scope   string `json:"scope"`
	Created int64  `json:"created_at"`
	Error   string `json:"error"`
}

func redeem(t *testing.T, i *Instance, form url.Values) (int, tokenAnswer) {
	t.Helper()
	a := post(t, i.BaseURL()+"/oauth/token", form)
	return a.status, decode[tokenAnswer](t, a)
}

func tokenFor(t *testing.T, i *Instance, client registered) string {
	t.Helper()
	status, answer := redeem(t, i, tokenForm(client, codeFor(t, i, client)))
	if status != http.StatusOK {
		t.Fatalf("token: %d %+v", status, answer)
	}
	return answer.Token
}

func whoAmI(t *testing.T, i *Instance, token string) answer {
	t.Helper()
	req := newGet(t, i.BaseURL()+"/api/v1/accounts/verify_credentials", "")
	req.Header.Set("Authorization", "Bearer "+token)
	return do(t, req)
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	client := register(t, i, "profile")
	back, err := SignIn(contextFor(t), LoopbackClient(), authorizeURL(i, authorizeQuery(client)), "Marie", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(back)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if !strings.HasPrefix(back, callback+"&") || q.Get("state") != `st&"<ate` || q.Get("keep") != "1" {
		t.Errorf("sent to %s", back)
	}
	status, token := redeem(t, i, tokenForm(client, q.Get("code")))
	if status != http.StatusOK || token.Type != "Bearer" || token.Scope != "profile" || token.Created == 0 {
		t.Fatalf("token: %d %+v", status, token)
	}
	if i.LiveTokens() != 1 {
		t.Errorf("%d live tokens", i.LiveTokens())
	}
	a := whoAmI(t, i, token.Token)
	me := decode[map[string]any](t, a)
	for name, want := range map[string]any{
		"id": marie.ID(), "username": "marie", "acct": "marie", "url": marie.URL(), "uri": marie.ActorID(),
	} {
		if me[name] != want {
			t.Errorf("%s is %v, want %v", name, me[name], want)
		}
	}
}

func TestSignInRefusals(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	address := authorizeURL(i, authorizeQuery(register(t, i, "profile")))
	for name, login := range map[string]Login{
		"wrong password": {"marie", "S3cret"}, "unknown": {"mario", "s3cret"}, "empty": {"", ""},
	} {
		if back, err := SignIn(contextFor(t), LoopbackClient(), address, login.Username, login.Password); err == nil {
			t.Errorf("%s: sent to %s", name, back)
		}
	}
	back, err := Deny(contextFor(t), LoopbackClient(), address)
	if err != nil || !strings.Contains(back, "error=access_denied") || !strings.Contains(back, "state=") ||
		strings.Contains(back, "code=") {
		t.Errorf("denied: %s, %v", back, err)
	}
	marie.Delete()
	if _, err := SignIn(contextFor(t), LoopbackClient(), address, "marie", "s3cret"); err == nil {
		t.Error("a deleted account signs in")
	}
}

func TestAuthorizePage(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	client := register(t, i, "profile read:accounts")
	page := get(t, authorizeURL(i, authorizeQuery(client)), "text/html")
	if page.status != http.StatusOK || !strings.Contains(page.body, "Cocarde &amp; &lt;co&gt;") {
		t.Errorf("%d %s", page.status, page.body)
	}
	if page.header.Get("X-Frame-Options") != "DENY" || page.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", page.header)
	}
	for name, c := range map[string]struct {
		status int
		change url.Values
	}{
		"unknown client":      {401, url.Values{"client_id": {"x"}}},
		"other redirect":      {400, url.Values{"redirect_uri": {callback + "x"}}},
		"no redirect":         {400, url.Values{"redirect_uri": nil}},
		"implicit":            {400, url.Values{"response_type": {"token"}}},
		"unregistered scope":  {400, url.Values{"scope": {"profile write"}}},
		"default scope":       {400, url.Values{"scope": nil}},
		"no PKCE":             {400, url.Values{"code_challenge": nil, "code_challenge_method": nil}},
		"no challenge":        {400, url.Values{"code_challenge": nil}},
		"no method":           {400, url.Values{"code_challenge_method": nil}},
		"plain PKCE":          {400, url.Values{"code_challenge_method": {"plain"}}},
		"malformed challenge": {400, url.Values{"code_challenge": {challenge() + "="}}},
		"repeated":            {400, url.Values{"state": {"a", "b"}}},
	} {
		q := authorizeQuery(client)
		maps.Copy(q, c.change)
		if a := get(t, authorizeURL(i, q), "text/html"); a.status != c.status || a.header.Get("Location") != "" {
			t.Errorf("%s: GET %d", name, a.status)
		}
		q.Set("username", "marie")
		q.Set("password", "s3cret")
		q.Set("decision", "authorize")
		if a := post(t, i.BaseURL()+"/oauth/authorize", q); a.status != c.status || a.header.Get("Location") != "" {
			t.Errorf("%s: POST %d", name, a.status)
		}
	}
	undecided := authorizeQuery(client)
	if a := post(t, i.BaseURL()+"/oauth/authorize", undecided); a.status != http.StatusBadRequest {
		t.Errorf("no decision: %d", a.status)
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	client, other := register(t, i, "profile"), register(t, i, "profile")
	code := codeFor(t, i, client)
	for name, c := range map[string]struct {
		status int
		code   string
		change url.Values
	}{
		"no grant type":    {400, "invalid_request", url.Values{"grant_type": nil}},
		"password":         {400, "unsupported_grant_type", url.Values{"grant_type": {"password"}}},
		"wrong secret":     {401, "invalid_client", url.Values{"client_secret": {"x"}}},
		"no secret":        {401, "invalid_client", url.Values{"client_secret": nil}},
		"unknown client":   {401, "invalid_client", url.Values{"client_id": {"x"}}},
		"foreign client":   {400, "invalid_grant", url.Values{"client_id": {other.ID}, "client_secret": {other.Secret}}},
		"wrong code":       {400, "invalid_grant", url.Values{"code": {"x"}}},
		"no code":          {400, "invalid_request", url.Values{"code": nil}},
		"other redirect":   {400, "invalid_grant", url.Values{"redirect_uri": {callback + "x"}}},
		"no verifier":      {400, "invalid_grant", url.Values{"code_verifier": nil}},
		"wrong verifier":   {400, "invalid_grant", url.Values{"code_verifier": {strings.ToLower(verifier)}}},
		"repeated":         {400, "invalid_request", url.Values{"code": {code, code}}},
		"challenge itself": {400, "invalid_grant", url.Values{"code_verifier": {challenge()}}},
	} {
		form := tokenForm(client, code)
		maps.Copy(form, c.change)
		if status, answer := redeem(t, i, form); status != c.status || answer.Error != c.code || answer.Token != "" {
			t.Errorf("%s: %d %+v", name, status, answer)
		}
	}
	if status, _ := redeem(t, i, tokenForm(client, code)); status != http.StatusOK {
		t.Errorf("the good one: %d", status)
	}
	if status, answer := redeem(t, i, tokenForm(client, code)); status != 400 || answer.Error != "invalid_grant" {
		t.Errorf("second use: %d %+v", status, answer)
	}
}

func TestTokenByBasicAndJSON(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	client := register(t, i, "profile")
	form := tokenForm(client, codeFor(t, i, client))
	form.Del("client_id")
	form.Del("client_secret")
	req, err := http.NewRequest(http.MethodPost, i.BaseURL()+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(client.ID, client.Secret)
	if a := do(t, req); a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("basic: %d %s", a.status, a.body)
	}
	object := map[string]string{}
	for name, values := range tokenForm(client, codeFor(t, i, client)) {
		object[name] = values[0]
	}
	body, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if a := postBody(t, i.BaseURL()+"/oauth/token", "application/json", string(body)); a.status != http.StatusOK {
		t.Errorf("JSON: %d %s", a.status, a.body)
	}
}

func TestCodeExpires(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	start := time.Now()
	i, _ := newTestInstance(t, InstanceOptions{Now: func() time.Time { return start.Add(time.Duration(passed.Load())) }})
	client := register(t, i, "profile")
	code := codeFor(t, i, client)
	passed.Store(int64(10 * time.Minute))
	if status, answer := redeem(t, i, tokenForm(client, code)); status != 400 || answer.Error != "invalid_grant" {
		t.Errorf("%d %+v", status, answer)
	}
}

func TestTokenIsReusedUntilRevoked(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	client, other := register(t, i, "profile"), register(t, i, "profile")
	first := tokenFor(t, i, client)
	if again := tokenFor(t, i, client); again != first {
		t.Error("another token for the same account, app and scope")
	}
	if tokenFor(t, i, other) == first {
		t.Error("the same token for another app")
	}
	revoke := func(c registered, token string) answer {
		return post(t, i.BaseURL()+"/oauth/revoke",
			url.Values{"client_id": {c.ID}, "client_secret": {c.Secret}, "token": {token}})
	}
	if a := revoke(other, first); a.status != 403 || !strings.Contains(a.body, `"unauthorized_client"`) {
		t.Errorf("foreign: %d %s", a.status, a.body)
	}
	if a := revoke(registered{ID: client.ID, Secret: "x"}, first); a.status != 403 {
		t.Errorf("wrong secret: %d %s", a.status, a.body)
	}
	i.Fail("/oauth/revoke", http.StatusServiceUnavailable)
	if a := revoke(client, first); a.status != 503 || i.LiveTokens() != 2 {
		t.Errorf("while it fails: %d, %d live", a.status, i.LiveTokens())
	}
	i.Fail("/oauth/revoke", 0)
	for range 2 {
		if a := revoke(client, first); a.status != 200 || a.body != "{}" || i.LiveTokens() != 1 {
			t.Errorf("%d %s, %d live", a.status, a.body, i.LiveTokens())
		}
	}
	if a := revoke(client, "unknown"); a.status != 200 {
		t.Errorf("unknown token: %d", a.status)
	}
	if a := whoAmI(t, i, first); a.status != 401 || !strings.Contains(a.body, "was revoked") {
		t.Errorf("revoked token: %d %s", a.status, a.body)
	}
	if tokenFor(t, i, client) == first {
		t.Error("a revoked token is given again")
	}
}

func TestVerifyCredentialsRefusals(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	if a := whoAmI(t, i, "unknown"); a.status != 401 || a.body != `{"error":"The access token is invalid"}` ||
		!strings.Contains(a.header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("unknown: %d %s", a.status, a.body)
	}
	if a := get(t, i.BaseURL()+"/api/v1/accounts/verify_credentials", ""); a.status != 401 {
		t.Errorf("no token: %d", a.status)
	}
	client := register(t, i, "profile write:accounts")
	token := tokenFor(t, i, client)
	marie.SetSuspended(true)
	if a := whoAmI(t, i, token); a.status != 403 {
		t.Errorf("suspended: %d", a.status)
	}
	marie.SetSuspended(false)
	if a := whoAmI(t, i, token); a.status != 200 {
		t.Errorf("back: %d", a.status)
	}
	q := authorizeQuery(client)
	q.Set("scope", "write:accounts")
	back, err := SignIn(contextFor(t), LoopbackClient(), authorizeURL(i, q), "marie", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(back)
	_, narrow := redeem(t, i, tokenForm(client, u.Query().Get("code")))
	if a := whoAmI(t, i, narrow.Token); a.status != 403 || !strings.Contains(a.body, "outside the authorized scopes") {
		t.Errorf("scope: %d %s", a.status, a.body)
	}
	marie.Delete()
	if a := whoAmI(t, i, token); a.status != 401 || i.LiveTokens() != 0 {
		t.Errorf("deleted: %d", a.status)
	}
}

func TestForgetApps(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	client := register(t, i, "profile")
	code, token := codeFor(t, i, client), tokenFor(t, i, client)
	i.ForgetApps()
	if status, answer := redeem(t, i, tokenForm(client, code)); status != 401 || answer.Error != "invalid_client" {
		t.Errorf("token: %d %+v", status, answer)
	}
	if a := get(t, authorizeURL(i, authorizeQuery(client)), "text/html"); a.status != 401 {
		t.Errorf("page: %d", a.status)
	}
	if a := whoAmI(t, i, token); a.status != 401 || i.LiveTokens() != 0 {
		t.Errorf("credentials: %d", a.status)
	}
}
