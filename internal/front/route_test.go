package front

import (
	"io"
	"net/http"
	"testing"
)

// Whatever a path begins with, the route that is its own answers.
func TestEachPathHasItsRoute(t *testing.T) {
	t.Parallel()
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, text+" "+r.PathValue("id"))
		})
	}
	h := New(testOptions(io.Discard),
		Get("/", says("home")), Get("/b/{id}.svg", says("picture")), Get("/b/{id}", says("badge")), Get("/b/{id}/qr", says("code")),
		Get("/request", says("start")), Get("/request/new", says("first")), Get("/request/new/{id}", says("question")),
		Post("/request/{id}/proof", says("proof")), Get("/request/{id}", says("request")), Get("/v1/verify", says("GET")), Post("/v1/verify", says("POST")))
	for call, want := range map[[2]string]string{
		{"GET", "/"}: "home ", {"GET", "/b/x.svg"}: "picture x", {"GET", "/b/x"}: "badge x", {"GET", "/b/x/qr"}: "code x",
		{"GET", "/request"}: "start ", {"GET", "/request/new"}: "first ", {"GET", "/request/new/name"}: "question name",
		{"POST", "/request/x/proof"}: "proof x", {"GET", "/request/x"}: "request x", {"GET", "/request/newer"}: "request newer",
		{"GET", "/v1/verify"}: "GET ", {"POST", "/v1/verify"}: "POST ", {"GET", "/%62/x"}: "badge x",
	} {
		if w := do(h, call[0], call[1]); w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%v: %d %q, want %q", call, w.Code, w.Body, want)
		}
	}
	for call, want := range map[[2]string]int{
		{"GET", "/v1"}: 404, {"GET", "/v1/verify/"}: 404, {"GET", "/v1/verify/more"}: 404, {"GET", "/b"}: 404, {"GET", "/b/"}: 404,
		{"GET", "//"}: 404, {"GET", "//b/x"}: 404, {"GET", "/nowhere/at/all"}: 404, {"GET", "/b/%2e%2e/x"}: 404,
		{"POST", "/request/x"}: 405, {"DELETE", "/v1/verify"}: 405, {"POST", "/"}: 405, {"OPTIONS", "/b/x"}: 204, {"OPTIONS", "/nowhere"}: 404,
	} {
		if w := do(h, call[0], call[1]); w.Code != want {
			t.Errorf("%v: %d, want %d", call, w.Code, want)
		}
	}
}
