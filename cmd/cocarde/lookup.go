package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cocarde.example/internal/safehttp"
	"cocarde.example/verify"
)

const badgePath = "/b/"

func isHandle(s string) bool { return strings.HasPrefix(s, "@") || strings.HasPrefix(s, "acct:") }

func isURL(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// parseBadgeURL takes the link of a badge: an origin and /b/ID. A language may follow,
// as browsers show it.
func parseBadgeURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("this is not the link of a badge; it looks like https://issuer.example/b/7k3m9q2xw04e")
	}
	id, ok := strings.CutPrefix(u.Path, badgePath)
	if !ok || id == "" || strings.Trim(id, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
		return nil, errors.New("this is not the link of a badge; it looks like https://issuer.example/b/7k3m9q2xw04e")
	}
	u.RawQuery = ""
	return u, nil
}

// lookup finds a token at the issuers that are trusted; nobody else is asked.
type lookup struct {
	trusted []string
	only    string // if not empty, the one issuer that it can be at
	http    *http.Client
}

var errNothingThere = errors.New("the issuer has no such attestation")

// check asks each issuer in turn, and checks the first token that one gives.
func (l lookup) check(ctx context.Context, v *verify.Verifier, account verify.Account, where func(issuer string) string) (verify.Report, error) {
	issuers := l.trusted
	if l.only != "" {
		if !slices.Contains(issuers, l.only) {
			return verify.Refusal(verify.IssuerUntrusted, "trust this issuer with --issuer "+l.only), nil
		}
		issuers = []string{l.only}
	}
	if len(issuers) == 0 {
		return verify.Refusal(verify.IssuerUntrusted, "name an issuer to trust with --issuer"), nil
	}
	if l.http == nil {
		return verify.Report{}, usage{errors.New("offline, give the token itself")}
	}
	var unreachable error
	for _, issuer := range issuers {
		token, err := l.fetch(ctx, where(issuer))
		switch {
		case err == nil:
			return v.Verify(ctx, token, account), nil
		case !errors.Is(err, errNothingThere):
			unreachable = err
		}
	}
	if unreachable != nil {
		return verify.Refusal(verify.IssuerUnreachable, explain(unreachable)), nil
	}
	return verify.Refusal(verify.MalformedToken, errNothingThere.Error()), nil
}

// fetch asks for the token itself.
func (l lookup) fetch(ctx context.Context, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "application/dc+sd-jwt")
	resp, err := safehttp.SameHostRedirects(l.http).Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := safehttp.ReadBody(resp, verify.MaxToken)
	switch {
	case err != nil:
		return "", err
	case resp.StatusCode == http.StatusNotFound:
		return "", errNothingThere
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("the issuer answered with status %d", resp.StatusCode)
	}
	return strings.TrimSpace(string(body)), nil
}
