package api_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestBodies(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.wantProblem(400, "body_missing", "POST", "/v1/requests", "")
	s.wantProblem(413, "body_too_large", "POST", "/v1/requests", `{"handle":"`+strings.Repeat("a", 8<<10)+`"}`)
	s.wantProblem(400, "member_unknown", "POST", "/v1/requests/"+requestID+"/attestation", `{"now":true}`, auth)
	for _, contentType := range []string{
		"text/plain", "application/x-www-form-urlencoded", "application/json-patch+json", "", "application/json; charset=latin1",
	} {
		s.wantProblem(415, "media_type_unsupported", "POST", "/v1/requests", beginning, "Content-Type: "+contentType)
	}
	for _, contentType := range []string{"application/json", "Application/JSON ; charset=UTF-8"} {
		s.want(201, "POST", "/v1/requests", beginning, "Content-Type: "+contentType)
	}
}

// TestChunkedBodies: without a length the bound holds as well.
func TestChunkedBodies(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, c := range []struct {
		body   string
		status int
	}{{beginning, 201}, {strings.Repeat(" ", 8<<10+1), 413}} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/v1/requests", struct{ *strings.Reader }{strings.NewReader(c.body)})
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = -1
		r.Header.Set("Content-Type", "application/json")
		answer, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("got %d, want %d", answer.StatusCode, c.status)
		}
	}
}
