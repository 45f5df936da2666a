package sandbox

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// patch sends update_credentials with a token of a scope.
func patch(t *testing.T, i *Instance, token, contentType, body string) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodPatch, i.BaseURL()+"/api/v1/accounts/update_credentials", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+token)
	return do(t, req)
}

// tokenOfScope goes the whole way for a token of one scope.
func tokenOfScope(t *testing.T, i *Instance, scope string) string {
	t.Helper()
	client := register(t, i, scope)
	q := authorizeQuery(client)
	q.Set("scope", scope)
	back, err := SignIn(contextFor(t), LoopbackClient(), authorizeURL(i, q), "marie", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	_, token := redeem(t, i, tokenForm(client, mustParse(t, back).Query().Get("code")))
	return token.Token
}

type apiAccount struct {
	ID        string
	Suspended bool
	Fields    []credentialField
	Source    struct{ Fields []credentialField }
}

func TestUpdateCredentials(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	page := newLinked(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<link rel="me" href="%s">`, marie.URL())
	})
	token := tokenOfScope(t, i, "write:accounts read:accounts")
	badge := page.URL + "/b/1"
	form := url.Values{
		"fields_attributes[10][name]": {"Second"}, "fields_attributes[10][value]": {"a < b"},
		"fields_attributes[2][name]": {"Badge"}, "fields_attributes[2][value]": {badge},
	}
	answers := []answer{
		patch(t, i, token, "application/x-www-form-urlencoded", form.Encode()),
		whoAmI(t, i, token),
		get(t, i.BaseURL()+"/api/v1/accounts/"+marie.ID(), ""),
		patch(t, i, token, "application/json", `{"note":"unknown things are left"}`),
		patch(t, i, token, "application/json", `{"fields_attributes":[{"name":"Badge","value":"`+badge+`"},{"name":"Second","value":"a < b"}]}`),
		patch(t, i, token, "application/json", `{"fields_attributes":{"0":{"name":"Badge","value":"`+badge+`"},"1":{"name":"Second","value":"a < b"}}}`),
	}
	for n, a := range answers {
		account := decode[apiAccount](t, a)
		if a.status != http.StatusOK || account.ID != marie.ID() || len(account.Fields) != 2 ||
			account.Fields[0].Value != fieldHTML(badge) || account.Fields[0].VerifiedAt == nil ||
			account.Fields[1].Value != "a &lt; b" || account.Fields[1].VerifiedAt != nil {
			t.Errorf("%d: %d %s", n, a.status, a.body)
		}
		if n != 2 && (len(account.Source.Fields) != 2 || account.Source.Fields[0].Value != badge) {
			t.Errorf("%d: source %s", n, a.body)
		}
	}
	if strings.Contains(answers[2].body, "source") {
		t.Error("everybody sees the source")
	}
	doc := decode[actor](t, get(t, marie.ActorID(), activityJSON))
	if len(doc.Attachment) != 2 || doc.Attachment[0].Value != fieldHTML(badge) {
		t.Errorf("%+v", doc.Attachment)
	}
	if len(page.seen()) != 1 {
		t.Errorf("%d looks", len(page.seen()))
	}
}

func TestUpdateCredentialsRefusals(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	const contentType = "application/x-www-form-urlencoded"
	row := url.Values{"fields_attributes[0][name]": {"Web"}, "fields_attributes[0][value]": {"x"}}.Encode()
	for scope, status := range map[string]int{"profile": 403, "read": 403, "write:lists": 403, "write": 200, "write:accounts": 200} {
		if err := marie.SetFields(); err != nil {
			t.Fatal(err)
		}
		if a := patch(t, i, tokenOfScope(t, i, scope), contentType, row); a.status != status {
			t.Errorf("%s: %d", scope, a.status)
		}
		if taken := len(marie.Fields()) == 1; taken != (status == 200) {
			t.Errorf("%s: taken is %t", scope, taken)
		}
	}
	if a := patch(t, i, "unknown", contentType, row); a.status != 401 {
		t.Errorf("unknown token: %d", a.status)
	}
	token := tokenOfScope(t, i, "write")
	for name, body := range map[string]string{
		"no name": url.Values{"fields_attributes[0][value]": {"x"}}.Encode(),
		"long":    url.Values{"fields_attributes[0][name]": {strings.Repeat("x", 256)}}.Encode(),
	} {
		if a := patch(t, i, token, contentType, body); a.status != 422 || !strings.Contains(a.body, "Validation failed: ") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := patch(t, i, token, contentType, strings.Repeat("x", maxBody+1)); a.status != 413 {
		t.Errorf("huge: %d", a.status)
	}
	marie.SetSuspended(true)
	if a := patch(t, i, token, contentType, row); a.status != 403 {
		t.Errorf("suspended: %d", a.status)
	}
	account := decode[apiAccount](t, get(t, i.BaseURL()+"/api/v1/accounts/"+marie.ID(), ""))
	if !account.Suspended || len(account.Fields) != 0 {
		t.Errorf("%+v", account)
	}
	marie.Delete()
	for _, id := range []string{marie.ID(), "1", "x"} {
		if a := get(t, i.BaseURL()+"/api/v1/accounts/"+id, ""); a.status != 404 {
			t.Errorf("account %s: %d", id, a.status)
		}
	}
}

func TestSavingMayTakeLongerThanOtherAnswers(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i, err := newInstance(InstanceOptions{}, listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	const bound = 100 * time.Millisecond
	i.server.ReadTimeout, i.server.WriteTimeout = bound, bound
	go func() {
		defer close(i.served)
		i.server.Serve(listener)
	}()
	t.Cleanup(func() { i.Close() })
	marie, err := i.AddAccount("marie", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	page := newLinked(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(3 * bound):
		case <-r.Context().Done():
		}
		fmt.Fprintf(w, `<link rel="me" href="%s">`, marie.URL())
	})
	i.tokens["t"] = &accessToken{value: "t", account: marie, scope: "write"}
	a := patch(t, i, "t", "application/json", `{"fields_attributes":[{"name":"Badge","value":"`+page.URL+`"}]}`)
	if account := decode[apiAccount](t, a); a.status != 200 || account.Fields[0].VerifiedAt == nil {
		t.Errorf("%d %s", a.status, a.body)
	}
	i.visits.byID["v"] = visit{account: marie, token: "t", expires: time.Now().Add(time.Hour)}
	form := url.Values{"token": {"t"}, "fields_attributes[0][name]": {"x"}, "fields_attributes[0][value]": {page.URL + "/2"}}
	req, err := http.NewRequest(http.MethodPost, i.BaseURL()+"/settings/profile", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Cookie", visitCookie+"=v")
	if a := do(t, req); a.status != http.StatusSeeOther || marie.Fields()[0].VerifiedAt.IsZero() {
		t.Errorf("%d %+v", a.status, marie.Fields())
	}
}
