package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func asJSON(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestVerifyReportsAnyToken(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, token := range []string{"", "~", "garbage", "a.b.c~", "\x00\u2028", strings.Repeat("a", 64<<10), publicJWS} {
		report := s.want(200, "POST", "/v1/verify", `{"attestation":`+asJSON(t, token)+`}`)
		if report["valid"] != false || report["outcome"] != "invalid" || report["code"] == "" {
			t.Errorf("%.20q: %v", token, report)
		}
	}
	report := s.want(200, "POST", "/v1/verify", `{"attestation":""}`)
	if report["code"] != "malformed_token" {
		t.Errorf("empty: %v", report["code"])
	}
}

func TestVerifyByHandle(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.want(200, "POST", "/v1/verify", `{"handle":"@marie@social.example"}`)
	s.wantProblem(404, "attestation_not_found", "POST", "/v1/verify", `{"handle":"@paul@social.example"}`)
	if p := s.wantProblem(400, "handle_malformed", "POST", "/v1/verify", `{"handle":"marie"}`); p["field"] != "/handle" {
		t.Errorf("field %v", p["field"])
	}
	if p := s.wantProblem(400, "handle_malformed", "POST", "/v1/verify", `{"attestation":"","expect_handle":"marie"}`); p["field"] != "/expect_handle" {
		t.Errorf("field %v", p["field"])
	}
}

func TestVerifyRefusesBadCalls(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, body := range []string{`{}`, `{"attestation":"","handle":"@a@b.example"}`, `{"expect_handle":"@a@b.example"}`} {
		s.wantProblem(400, "verify_one_of", "POST", "/v1/verify", body)
	}
	tooLong := strings.Repeat("a", 64<<10+1)
	s.wantProblem(413, "attestation_too_large", "POST", "/v1/verify", `{"attestation":"`+tooLong+`"}`)
	s.wantProblem(413, "body_too_large", "POST", "/v1/verify", `{"attestation":"`+tooLong+tooLong[:8<<10]+`"}`)
}

func TestVerifyFromOtherOrigins(t *testing.T) {
	t.Parallel()
	s := open(t)
	answer, _ := s.do("OPTIONS", "/v1/verify", "", "Origin: https://reader.example", "Access-Control-Request-Method: POST",
		"Access-Control-Request-Headers: content-type")
	if answer.StatusCode != http.StatusNoContent || answer.Header.Get("Access-Control-Allow-Origin") != "*" ||
		!strings.Contains(answer.Header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight: %d %v", answer.StatusCode, answer.Header)
	}
	answer, _ = s.do("POST", "/v1/verify", `{"attestation":""}`, "Origin: https://reader.example", "Sec-Fetch-Site: cross-site")
	if answer.StatusCode != 200 || answer.Header.Get("Access-Control-Allow-Origin") != "*" || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("call: %d %v", answer.StatusCode, answer.Header)
	}
	answer, _ = s.do("POST", "/v1/requests", beginning, "Origin: https://reader.example")
	if answer.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("requests are open to other origins")
	}
}
