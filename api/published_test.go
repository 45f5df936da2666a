package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	cocarde "cocarde.example"
	"cocarde.example/api"
)

// headersOf shows those headers that a cache or a browser goes by.
func headersOf(answer *http.Response) string {
	var lines []string
	for _, name := range []string{
		"Access-Control-Allow-Origin", "Cache-Control", "Content-Type", "Etag", "Vary",
	} {
		if v := answer.Header.Values(name); len(v) > 0 {
			lines = append(lines, name+": "+strings.Join(v, ", "))
		}
	}
	return fmt.Sprintf("%d\n%s\n", answer.StatusCode, strings.Join(lines, "\n"))
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := open(t)
	cases := []struct{ path, header, want string }{
		{"/.well-known/jwks.json", "", `200
Access-Control-Allow-Origin: *
Cache-Control: public, max-age=3600
Content-Type: application/jwk-set+json
Etag: ".w"
`},
		{"/.well-known/jwks.json", `If-None-Match: "x", W/".w"`, `304
Access-Control-Allow-Origin: *
Cache-Control: public, max-age=3600
Etag: ".w"
`},
		{"/status/1", `If-None-Match: "old"`, `200
Access-Control-Allow-Origin: *
Cache-Control: public, max-age=300
Content-Type: application/statuslist+jwt
Etag: "st"
`},
		{"/status/1?time=1795305600", "", `501
Access-Control-Allow-Origin: *
Cache-Control: no-store
Content-Type: application/problem+json
Vary: Accept, Accept-Language
`},
		{"/status/2", "", `404
Access-Control-Allow-Origin: *
Cache-Control: no-store
Content-Type: application/problem+json
Vary: Accept, Accept-Language
`},
		{"/vct/agency-mailbox/v1", "If-None-Match: *", `304
Access-Control-Allow-Origin: *
Cache-Control: public, max-age=86400
Etag: "vc"
`},
		{"/actor", "", `200
Access-Control-Allow-Origin: *
Cache-Control: public, max-age=3600
Content-Type: application/activity+json
Etag: "ac"
`},
		{"/v1/attestations/" + badgeID, "", `200
Access-Control-Allow-Origin: *
Cache-Control: no-store
Content-Type: application/json
Vary: Accept
`},
		{"/v1/attestations/" + badgeID, "Accept: application/dc+sd-jwt", `200
Access-Control-Allow-Origin: *
Cache-Control: no-store
Content-Type: application/dc+sd-jwt
Vary: Accept
`},
		{"/healthz", "", `200
Cache-Control: no-store
Content-Type: application/json
`},
	}
	for _, c := range cases {
		for _, method := range []string{"GET", "HEAD"} {
			answer, body := s.do(method, c.path, "", c.header)
			if got := headersOf(answer); got != c.want {
				t.Errorf("%s %s %s: got\n%s", method, c.path, c.header, got)
			}
			if method == "GET" && (body == "") != (answer.StatusCode == 304) {
				t.Errorf("%s: body %q", c.path, body)
			}
			if answer.StatusCode == 200 && answer.ContentLength <= 0 {
				t.Errorf("%s %s: no length", method, c.path)
			}
		}
	}
}

func TestEveryArtefactIsServed(t *testing.T) {
	t.Parallel()
	s := open(t)
	for path, a := range published() {
		if _, body := s.do("GET", path, ""); body != string(a.Body) {
			t.Errorf("%s: got %q", path, body)
		}
	}
	if _, body := s.do("GET", "/openapi.yaml", ""); body != string(cocarde.Contract) {
		t.Error("/openapi.yaml is not the contract")
	}
}

func TestWebFinger(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.want(200, "GET", "/.well-known/webfinger?resource=acct%3Acocarde%40cocarde.example.gouv.fr", "")
	s.wantProblem(404, "not_found", "GET", "/.well-known/webfinger?resource=acct:other@cocarde.example.gouv.fr", "")
	for _, query := range []string{"", "?resource=", "?resource=a&resource=b", "?resource=" + strings.Repeat("a", 513)} {
		s.wantProblem(400, "resource_missing", "GET", "/.well-known/webfinger"+query, "")
	}
}

func TestFailingStoreIsNotTold(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := s.wantProblem(500, "internal", "GET", "/vct/broken/v1", "")
	if strings.Contains(fmt.Sprint(p), "disk") || !strings.Contains(s.log.String(), "disk on fire") {
		t.Errorf("told %v", p)
	}
}

func TestInbox(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, body := range []string{"", "{}", "not json", strings.Repeat("x", 64<<10)} {
		answer, text := s.do("POST", "/actor/inbox", body, "Content-Type: text/plain")
		if answer.StatusCode != 202 || text != "" {
			t.Errorf("%d bytes: %d %s", len(body), answer.StatusCode, text)
		}
	}
	s.wantProblem(413, "body_too_large", "POST", "/actor/inbox", strings.Repeat("x", 64<<10+1))
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *api.Config) { c.Health = health{errors.New("database is away")} })
	s.want(200, "GET", "/healthz", "")
	answer, text := s.do("GET", "/readyz", "")
	if answer.StatusCode != 503 || answer.Header.Get("Retry-After") != "5" || strings.Contains(text, "database") {
		t.Errorf("%d %v %s", answer.StatusCode, answer.Header, text)
	}
	open(t).want(200, "GET", "/readyz", "")
}

func TestAgencies(t *testing.T) {
	t.Parallel()
	s := open(t)
	var domains []string
	for path := "/v1/agencies?limit=7"; path != ""; {
		page := s.want(200, "GET", path, "")
		for _, item := range page["items"].([]any) {
			domains = append(domains, item.(map[string]any)["domain"].(string))
		}
		next, more := page["next"].(string)
		if path = ""; more {
			path = "/v1/agencies?limit=7&cursor=" + next
		}
	}
	whole := s.want(200, "GET", "/v1/agencies?limit=1000", "")["items"].([]any)
	if len(domains) != len(whole) || len(domains) < 20 || !slices.Contains(domains, "gouv.fr") {
		t.Errorf("%d rules by pages, %d at once", len(domains), len(whole))
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=x", "limit=", "limit=1&limit=2"} {
		s.wantProblem(400, "limit_invalid", "GET", "/v1/agencies?"+query, "")
	}
	for _, query := range []string{"cursor=", "cursor=-1", "cursor=x", "cursor=99999999", "cursor=1&cursor=2", "cursor=99999999999999999999"} {
		s.wantProblem(400, "cursor_invalid", "GET", "/v1/agencies?"+query, "")
	}
}
