package fediverse

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"slices"

	"cocarde.example/internal/acct"
)

// metadata is where an instance's OAuth endpoints are, each on the instance's
// own host, and what scopes it knows.
type metadata struct {
	Authorize string   `json:"authorization_endpoint"`
	Token     string   `json:"token_endpoint"`
	Revoke    string   `json:"revocation_endpoint"`
	Apps      string   `json:"app_registration_endpoint"` // Mastodon's own
	Scopes    []string `json:"scopes_supported"`
}

// lacks says whether the instance lists its scopes, and this one is not among them.
func (m metadata) lacks(scope string) bool {
	return len(m.Scopes) > 0 && !slices.Contains(m.Scopes, scope)
}

// metadata fetches the RFC 8414 document of a host. Where there is none, or it
// is silent on an endpoint, Mastodon's paths hold.
func (c *Client) metadata(ctx context.Context, host acct.Host) (metadata, error) {
	resp, err := c.get(ctx, c.sameHost, c.origin(host)+"/.well-known/oauth-authorization-server", "application/json")
	if err != nil {
		return metadata{}, err
	}
	body, err := read(resp, maxAPI)
	if err != nil {
		return metadata{}, err
	}
	var m metadata
	// Some servers answer any path with a page.
	if t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil &&
		resp.StatusCode == http.StatusOK && t == "application/json" {
		if err := json.Unmarshal(body, &m); err != nil {
			return metadata{}, invalid("OAuth metadata: %w", err)
		}
	}
	return m, c.complete(&m, host)
}

// complete fills in Mastodon's paths, and refuses endpoints elsewhere: they
// would get codes, tokens and our secret.
func (c *Client) complete(m *metadata, host acct.Host) error {
	for _, e := range []struct {
		url  *string
		path string
	}{
		{&m.Authorize, "/oauth/authorize"},
		{&m.Token, "/oauth/token"},
		{&m.Revoke, "/oauth/revoke"},
		{&m.Apps, "/api/v1/apps"},
	} {
		if *e.url == "" {
			*e.url = c.origin(host) + e.path
		}
		if _, h, err := c.parseURL(*e.url); err != nil || h != host {
			return invalid("an OAuth endpoint is not on the instance's host")
		}
	}
	return nil
}
