package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

const beginning = `{"handle":"@marie@social.example","email":"m@culture.gouv.fr","account_proof":{"method":"oauth"},"lang":"fr"}`

const auth = "Authorization: Bearer " + secret

func TestWholeWay(t *testing.T) {
	t.Parallel()
	s := open(t)
	answer, text := s.do("POST", "/v1/requests", beginning)
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("got %d: %s", answer.StatusCode, text)
	}
	if got := answer.Header.Get("Location"); got != "/v1/requests/"+requestID {
		t.Errorf("Location: %s", got)
	}
	const cookie = "__Host-cocarde-request=browser-secret; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax"
	if got := answer.Header.Values("Set-Cookie"); len(got) != 1 || got[0] != cookie {
		t.Errorf("Set-Cookie: %q", got)
	}
	if !strings.Contains(text, "a=1&b=2") {
		t.Errorf("the URL is escaped: %s", text)
	}
	if b := s.requests.began; !b.Listed || b.Client != "127.0.0.1" || b.Email != "m@culture.gouv.fr" || b.Lang != "fr" {
		t.Errorf("began as %+v", b)
	}

	path := "/v1/requests/" + requestID
	begun, _ := s.do("POST", path+"/account-proof", "{}", auth)
	if c := begun.Header.Get("Set-Cookie"); !strings.Contains(c, "another-secret") {
		t.Errorf("a sign-in begun anew sets %q", c)
	}
	s.wantProblem(403, "code_wrong", "POST", path+"/account-proof", `{"code":"00000000"}`, auth)
	proven, _ := s.do("POST", path+"/account-proof", `{"code":"7k3m9q2x"}`, auth)
	if proven.StatusCode != 200 || proven.Header.Get("Set-Cookie") != "" {
		t.Errorf("a confirmed account answers %d and sets %q", proven.StatusCode, proven.Header.Get("Set-Cookie"))
	}
	if v := s.want(200, "POST", path+"/mailbox-proof", "{}", auth); v["state"] != "awaiting_mailbox_proof" {
		t.Errorf("after another code: %v", v)
	}
	s.wantProblem(409, "request_out_of_turn", "POST", path+"/attestation", "", auth)
	s.want(200, "POST", path+"/mailbox-proof", `{"code":"48210937"}`, auth)
	for _, body := range []string{"", "{}"} {
		issued, text := s.do("POST", path+"/attestation", body, auth)
		if issued.StatusCode != 201 || issued.Header.Get("Location") != "/v1/attestations/"+badgeID {
			t.Errorf("issued: %d %s %s", issued.StatusCode, issued.Header.Get("Location"), text)
		}
	}
	if v := s.want(200, "GET", path, "", auth); v["state"] != "proven" || v["authorize_url"] != nil || v["token"] != nil {
		t.Errorf("looked at: %v", v)
	}
	s.want(204, "DELETE", path, "", auth)
}

func TestLinkProof(t *testing.T) {
	t.Parallel()
	s := open(t)
	answer, text := s.do("POST", "/v1/requests", strings.Replace(beginning, "oauth", "link", 1))
	if answer.StatusCode != 201 || answer.Header.Get("Set-Cookie") != "" || answer.Header.Get("Location") != "/v1/requests/"+requestID ||
		strings.Contains(text, "authorize_url") || !strings.Contains(text, `"badge_url":"`+issuer+"/b/"+badgeID) {
		t.Fatalf("begun: %d %v %s", answer.StatusCode, answer.Header, text)
	}
	path := "/v1/requests/" + requestID
	if v := s.want(200, "GET", path, "", auth); v["link"] != nil {
		t.Errorf("a link is told without a look: %v", v)
	}
	for _, c := range []struct {
		seen  attest.Sighting
		state string
		link  string
	}{
		{attest.Sighting{FieldLinks: 2, Links: []attest.SeenLink{
			{Where: attest.InAttachment, Text: issuer + "/b/" + badgeID + ".svg", Near: attest.NearPicture}, {Where: attest.InHead, Text: "https://a.example/?<x>"},
		}}, "awaiting_account_proof", "expected:" + issuer + "/b/" + badgeID + " field_links:2 found:false head_links:0 " +
			"links:[map[near:picture text:" + issuer + "/b/" + badgeID + ".svg where:attachment] map[text:https://a.example/?<x> where:head]] page_read:false"},
		{attest.Sighting{HeadLinks: 3, PageRead: true}, "awaiting_account_proof", "expected:" + issuer + "/b/" + badgeID + " field_links:0 found:false head_links:3 links:[] page_read:true"},
		{attest.Sighting{Found: true, Where: attest.InHead, HeadLinks: 1, PageRead: true}, "awaiting_mailbox_proof",
			"expected:" + issuer + "/b/" + badgeID + " field_links:0 found:true head_links:1 links:[] page_read:true where:head"},
	} {
		s.requests.profile = c.seen
		looked, text := s.do("POST", path+"/account-proof", "{}", auth)
		if looked.Header.Get("Set-Cookie") != "" {
			t.Errorf("a look sets %q", looked.Header.Get("Set-Cookie"))
		}
		var v struct {
			State string
			Link  map[string]any
		}
		if err := json.Unmarshal([]byte(text), &v); err != nil || looked.StatusCode != 200 {
			t.Fatalf("%d %s", looked.StatusCode, text)
		}
		if got := fmt.Sprint(v.Link); v.State != c.state || got != "map["+c.link+"]" {
			t.Errorf("%s, link %s", v.State, got)
		}
	}
	s.wantProblem(409, "request_out_of_turn", "POST", path+"/account-proof", "{}", auth)
}

func TestListedIsTheAgentsChoice(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.want(201, "POST", "/v1/requests", strings.Replace(beginning, "{", `{"listed":false,`, 1))
	if s.requests.began.Listed {
		t.Error("listed all the same")
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.want(201, "POST", "/v1/requests", beginning)
	path := "/v1/requests/" + requestID
	calls := []struct{ method, path, body string }{
		{"GET", "", ""}, {"DELETE", "", ""}, {"POST", "/account-proof", "{}"}, {"POST", "/account-proof", `{"code":"7k3m9q2x"}`},
		{"POST", "/mailbox-proof", "{}"}, {"POST", "/attestation", ""},
	}
	for _, c := range calls {
		for _, header := range []string{"X: y", "Authorization: Basic " + secret, "Authorization: Bearer", "Authorization: Bearer "} {
			s.wantProblem(401, "token_missing", c.method, path+c.path, c.body, header)
		}
		wrong := s.wantProblem(401, "token_wrong", c.method, path+c.path, c.body, auth+"x")
		unknown := s.wantProblem(401, "token_wrong", c.method, "/v1/requests/0000000000zz"+c.path, c.body, auth)
		if wrong["detail"] != unknown["detail"] {
			t.Errorf("a wrong token and an unknown id are told apart: %v, %v", wrong, unknown)
		}
	}
	s.want(200, "GET", path, "", "Authorization: bearer  "+secret)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	cases := []struct {
		kind       fault.Kind
		status     int
		after      time.Duration
		retryAfter string
	}{
		{fault.Invalid, 400, 0, ""},
		{fault.Unauthorized, 401, 0, ""},
		{fault.Forbidden, 403, 0, ""},
		{fault.NotFound, 404, 0, ""},
		{fault.Conflict, 409, 0, ""},
		{fault.Gone, 410, 0, ""},
		{fault.TooLarge, 413, 0, ""},
		{fault.Limited, 429, 90*time.Second + 1, "91"},
		{fault.Upstream, 502, 0, ""},
		{fault.Unavailable, 503, time.Millisecond, "1"},
	}
	for _, c := range cases {
		s := open(t)
		s.requests.err = fault.New(c.kind, "some_code", "Some message.").At("/handle").After(c.after).Because(errors.New("hidden cause"))
		answer, text := s.do("POST", "/v1/requests", beginning)
		if answer.StatusCode != c.status || answer.Header.Get("Retry-After") != c.retryAfter ||
			answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("kind %d: %d %v", c.kind, answer.StatusCode, answer.Header)
		}
		if strings.Contains(text, "hidden") || !strings.Contains(text, `"field":"/handle"`) || !strings.Contains(text, `"title":"Some code"`) {
			t.Errorf("kind %d: %s", c.kind, text)
		}
		if logged := strings.Contains(s.log.String(), "hidden cause"); logged != (c.status >= 500) {
			t.Errorf("kind %d: cause in the log: %t", c.kind, logged)
		}
	}
}

func TestDefectsAreNotTold(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("row 7 is broken"), fault.New(fault.Internal, "odd", "row 7 is broken")} {
		s := open(t)
		s.requests.err = err
		p := s.wantProblem(500, "internal", "POST", "/v1/requests", beginning)
		if strings.Contains(p["detail"].(string), "row 7") {
			t.Errorf("told: %v", p)
		}
		log := s.log.String()
		if !strings.Contains(log, "row 7") || !strings.Contains(log, p["request_id"].(string)) {
			t.Errorf("log lacks the cause or the id: %s", log)
		}
		if strings.Contains(log, "culture.gouv.fr") {
			t.Errorf("log holds the address: %s", log)
		}
	}
}

func TestMethodIsTheDomainsToRefuse(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := s.wantProblem(400, "account_proof_unsupported", "POST", "/v1/requests", strings.Replace(beginning, "oauth", "fax", 1))
	if p["field"] != "/account_proof/method" {
		t.Errorf("field %v", p["field"])
	}
}

func TestPagesForPeople(t *testing.T) {
	t.Parallel()
	s := open(t)
	const browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for path, code := range map[string]string{"/v1/attestations/zzzzzzzzzzzz": "attestation_not_found", "/nowhere": "not_found"} {
		answer, text := s.do("GET", path, "", browser)
		if answer.StatusCode != 404 || text != "<p>"+code+"</p>" || !strings.Contains(strings.Join(answer.Header.Values("Vary"), ","), "Accept") {
			t.Errorf("%s: %d %s %v", path, answer.StatusCode, text, answer.Header)
		}
	}
	for _, accept := range []string{"*/*", "application/json", "text/html;q=0.5, application/json", "text/html;q=0", "text/html;q=x"} {
		s.wantProblem(404, "not_found", "GET", "/nowhere", "", "Accept: "+accept)
	}
	s.wantProblem(405, "method_not_allowed", "PUT", "/v1/requests", "")
}

// A request whose time is over in a queue may be made again.
func TestTooSlow(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.requests.err = fmt.Errorf("add request: %w", context.DeadlineExceeded)
	answer, text := s.do("POST", "/v1/requests", beginning)
	if answer.StatusCode != 503 || answer.Header.Get("Retry-After") != "5" || !strings.Contains(text, `"code":"busy"`) {
		t.Errorf("%d: %s", answer.StatusCode, text)
	}
}
