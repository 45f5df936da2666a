package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"cocarde.example/internal/safehttp"
	"cocarde.example/verify"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 2 << 20

// agent is a person of the demo: what a browser and a mail program are to them.
type agent struct {
	issuer   string
	http     *http.Client
	user     string // at the sandbox's instance
	password string
	handle   string
	mailbox  string

	request requestAnswer
	cookie  *http.Cookie // of the browser that asked
	issued  issuedAnswer
}

type requestAnswer struct {
	ID           string `json:"id"`
	Token        string `json:"token"`
	State        string `json:"state"`
	Handle       string `json:"handle"`
	AuthorizeURL string `json:"authorize_url"`
}

type issuedAnswer struct {
	Public         string `json:"attestation"`
	WithDisclosure string `json:"attestation_with_disclosure"`
	BadgeURL       string `json:"badge_url"`
}

// refusal is a problem document (RFC 9457) that the issuer answered with.
type refusal struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// refusedWith is nil if the error is a refusal with this code, and else says what came instead.
func refusedWith(code string, err error) error {
	var r *refusal
	if errors.As(err, &r) && r.Code == code {
		return nil
	}
	if err == nil {
		return fmt.Errorf("was accepted; expected the refusal %s", code)
	}
	return fmt.Errorf("expected the refusal %s, got: %w", code, err)
}

// call sends a request with a JSON body and decodes the answer.
func (a *agent) call(ctx context.Context, method, path string, body, answer any) (*http.Response, error) {
	var b io.Reader
	if body != nil {
		j, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		b = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.issuer+path, b)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.request.Token != "" {
		req.Header.Set("Authorization", "Bearer "+a.request.Token)
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := safehttp.ReadBody(resp, maxAnswer)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 400 {
		r := &refusal{Status: resp.StatusCode}
		if err := json.Unmarshal(text, r); err != nil {
			return nil, fmt.Errorf("answer %d is no problem document: %w", resp.StatusCode, err)
		}
		return nil, r
	}
	if answer == nil {
		return resp, nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return nil, fmt.Errorf("decode answer: %w", err)
	}
	return resp, nil
}

// begin asks for an attestation and keeps the browser's cookie.
func (a *agent) begin(ctx context.Context) error {
	resp, err := a.call(ctx, http.MethodPost, "/v1/requests", map[string]any{
		"handle": a.handle, "email": a.mailbox, "lang": "fr",
		"account_proof": map[string]string{"method": "oauth"},
	}, &a.request)
	if err != nil {
		return err
	}
	for _, c := range resp.Cookies() {
		a.cookie = c
	}
	if a.cookie == nil {
		return errors.New("the browser got no cookie")
	}
	return nil
}

// visit opens a callback URL in the agent's browser, or in one without the cookie.
func (a *agent) visit(ctx context.Context, url string, cookie *http.Cookie) (status int, page string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Accept", "text/html")
	if cookie != nil {
		req.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := safehttp.ReadBody(resp, maxAnswer)
	return resp.StatusCode, string(text), err
}

// look refreshes the request's state.
func (a *agent) look(ctx context.Context) (string, error) {
	var now requestAnswer
	_, err := a.call(ctx, http.MethodGet, "/v1/requests/"+a.request.ID, nil, &now)
	return now.State, err
}

func (a *agent) proveAccount(ctx context.Context, code string) error {
	_, err := a.call(ctx, http.MethodPost, "/v1/requests/"+a.request.ID+"/account-proof", map[string]string{"code": code}, nil)
	return err
}

func (a *agent) proveMailbox(ctx context.Context, code string) error {
	_, err := a.call(ctx, http.MethodPost, "/v1/requests/"+a.request.ID+"/mailbox-proof", map[string]string{"code": code}, nil)
	return err
}

func (a *agent) issue(ctx context.Context) (issuedAnswer, error) {
	var answer issuedAnswer
	_, err := a.call(ctx, http.MethodPost, "/v1/requests/"+a.request.ID+"/attestation", nil, &answer)
	return answer, err
}

// check asks the issuer's endpoint for a report, as another instance would.
func (a *agent) check(ctx context.Context, token, handle string) (verify.Report, error) {
	body := map[string]string{"attestation": token}
	if handle != "" {
		body["expect_handle"] = handle
	}
	var r verify.Report
	_, err := a.call(ctx, http.MethodPost, "/v1/verify", body, &r)
	return r, err
}

// fetch reads something that the issuer publishes.
func (a *agent) fetch(ctx context.Context, path string) (string, error) {
	status, body, err := a.visit(ctx, a.issuer+path, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET %s: status %d", path, status)
	}
	return body, err
}
