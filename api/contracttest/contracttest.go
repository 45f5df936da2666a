// Package contracttest holds HTTP exchanges against openapi.yaml. It is for tests.
package contracttest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"cocarde.example"
)

// Contract gives the contract, which is read and valid.
func Contract(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// load reads and validates the contract, once.
var load = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(cocarde.Contract)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
})

var router = sync.OnceValues(func() (routers.Router, error) {
	doc, err := load()
	if err != nil {
		return nil, err
	}
	for _, text := range []string{
		"text/html", "text/css", "image/png", "image/svg+xml", "application/yaml", "application/dc+sd-jwt", "application/statuslist+jwt",
	} {
		openapi3filter.RegisterBodyDecoder(text, openapi3filter.PlainBodyDecoder)
	}
	for _, object := range []string{"application/activity+json", "application/jrd+json", "application/jwk-set+json"} {
		openapi3filter.RegisterBodyDecoder(object, openapi3filter.JSONBodyDecoder)
	}
	return gorillamux.NewRouter(doc)
})

// Client gives a client that keeps no cookies, follows no redirects, and fails
// the test when an exchange is not as the contract says: a request that was
// accepted must be valid, and so must every answer.
func Client(t testing.TB, base http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport{t, base},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type transport struct {
	t    testing.TB
	base http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (c transport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := readAll(&r.Body)
	if err != nil {
		return nil, err
	}
	answer, err := c.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	received, err := readAll(&answer.Body)
	if err != nil {
		return nil, err
	}
	c.check(r, sent, answer, received)
	return answer, nil
}

func (c transport) check(r *http.Request, sent []byte, answer *http.Response, received []byte) {
	c.t.Helper()
	router, err := router()
	if err != nil {
		c.t.Errorf("contract: %v", err)
		return
	}
	asked := r.Clone(r.Context())
	if r.Method == http.MethodHead {
		asked.Method = http.MethodGet
	}
	route, params, err := router.FindRoute(asked)
	if err != nil {
		if s := answer.StatusCode; r.Method != http.MethodOptions && s != http.StatusNotFound && s != http.StatusMethodNotAllowed {
			c.t.Errorf("%s %s is not in the contract, and answers %d", r.Method, r.URL.Path, s)
		}
		return
	}
	asked.Body = io.NopCloser(bytes.NewReader(sent))
	in := &openapi3filter.RequestValidationInput{
		Request: asked, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, SkipSettingDefaults: true, ExcludeResponseBody: r.Method == http.MethodHead,
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	}
	if answer.StatusCode < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			c.t.Errorf("%s %s answers %d to a request that the contract refuses: %v", r.Method, r.URL.Path, answer.StatusCode, err)
		}
	}
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: answer.StatusCode, Header: answer.Header,
		Body: io.NopCloser(bytes.NewReader(received)), Options: in.Options,
	})
	if err != nil {
		c.t.Errorf("%s %s: the answer %d is not as the contract says: %v", r.Method, r.URL.Path, answer.StatusCode, err)
	}
}

// readAll reads a body and puts a copy in its place.
func readAll(body *io.ReadCloser) ([]byte, error) {
	if *body == nil {
		return nil, nil
	}
	text, err := io.ReadAll(*body)
	if err != nil {
		return nil, err
	}
	_ = (*body).Close()
	*body = io.NopCloser(bytes.NewReader(text))
	return text, nil
}
