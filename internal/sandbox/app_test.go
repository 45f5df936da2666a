package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func appForm() url.Values {
	return url.Values{"client_name": {"Cocarde"}, "redirect_uris": {callback}, "scopes": {"profile"}}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	doc := decode[struct {
		Issuer     string
		Authorize  string   `json:"authorization_endpoint"`
		Token      string   `json:"token_endpoint"`
		Revocation string   `json:"revocation_endpoint"`
		Apps       string   `json:"app_registration_endpoint"`
		Scopes     []string `json:"scopes_supported"`
		PKCE       []string `json:"code_challenge_methods_supported"`
		Grants     []string `json:"grant_types_supported"`
	}](t, get(t, i.BaseURL()+"/.well-known/oauth-authorization-server", ""))
	b := i.BaseURL()
	if doc.Issuer != b+"/" || doc.Authorize != b+"/oauth/authorize" || doc.Token != b+"/oauth/token" ||
		doc.Revocation != b+"/oauth/revoke" || doc.Apps != b+"/api/v1/apps" || !slices.Contains(doc.Scopes, "profile") ||
		!slices.Equal(doc.PKCE, []string{"S256"}) || !slices.Contains(doc.Grants, "authorization_code") {
		t.Errorf("%+v", doc)
	}
}

func TestRegisterApp(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	type app struct {
		ID           string
		Name         string
		Website      *string
		Scopes       []string
		RedirectURI  string   `json:"redirect_uri"`
		RedirectURIs []string `json:"redirect_uris"`
		ClientID     string   `json:"client_id"`
		Secret       string   `json:"client_secret"`
	}
	address := i.BaseURL() + "/api/v1/apps"
	form := decode[app](t, post(t, address, appForm()))
	if form.ID == "" || form.Name != "Cocarde" || form.Website != nil || !slices.Equal(form.Scopes, []string{"profile"}) ||
		form.RedirectURI != callback || len(form.ClientID) != 43 || len(form.Secret) != 43 {
		t.Errorf("%+v", form)
	}
	body := `{"client_name":"Cocarde","redirect_uris":["https://a.test/","https://b.test/"],"website":"https://a.test"}`
	object := decode[app](t, postBody(t, address, "application/json", body))
	if !slices.Equal(object.RedirectURIs, []string{"https://a.test/", "https://b.test/"}) ||
		!slices.Equal(object.Scopes, []string{"read"}) || object.ClientID == form.ClientID || *object.Website != "https://a.test" {
		t.Errorf("%+v", object)
	}
}

func TestRegisterAppRefusals(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	for name, change := range map[string]url.Values{
		"no name":            {"client_name": nil},
		"blank name":         {"client_name": {" "}},
		"long name":          {"client_name": {strings.Repeat("é", 61)}},
		"no redirect":        {"redirect_uris": nil},
		"relative redirect":  {"redirect_uris": {"/callback"}},
		"fragment":           {"redirect_uris": {"https://a.test/#x"}},
		"empty fragment":     {"redirect_uris": {"https://a.test/#"}},
		"script":             {"redirect_uris": {"javascript://a.test/%0aalert(1)"}},
		"one of two is bad":  {"redirect_uris": {callback + "\n/x"}},
		"unknown scope":      {"scopes": {"profile openid"}},
		"website is no link": {"website": {"javascript:alert(1)"}},
	} {
		form := appForm()
		maps.Copy(form, change)
		a := post(t, i.BaseURL()+"/api/v1/apps", form)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `{"error":"Validation failed: `) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := postBody(t, i.BaseURL()+"/api/v1/apps", "text/plain", appForm().Encode()); a.status != 422 {
		t.Errorf("plain text: %d", a.status)
	}
	if a := get(t, i.BaseURL()+"/api/v1/apps", ""); a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", a.status)
	}
}

func TestRegisteringIsLimited(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	start := time.Now()
	i, _ := newTestInstance(t, InstanceOptions{
		LimitApps: true, Now: func() time.Time { return start.Add(time.Duration(passed.Load())) },
	})
	address := i.BaseURL() + "/api/v1/apps"
	for n := range 5 {
		if a := post(t, address, appForm()); a.status != http.StatusOK {
			t.Errorf("app %d: %d", n, a.status)
		}
	}
	if a := post(t, address, appForm()); a.status != http.StatusTooManyRequests {
		t.Errorf("the sixth: %d", a.status)
	}
	passed.Store(int64(10 * time.Minute))
	if a := post(t, address, appForm()); a.status != http.StatusOK {
		t.Errorf("ten minutes later: %d", a.status)
	}
}
