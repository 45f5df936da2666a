package sandbox

import (
	"net/http"
	"slices"
)

// defaultScope is what an application gets that asks for nothing.
const defaultScope = "read"

// scopes are those that Mastodon offers to applications, but for the admin's.
var scopes = []string{
	"read", "profile", "write",
	"write:accounts", "write:blocks", "write:bookmarks", "write:conversations", "write:favourites",
	"write:filters", "write:follows", "write:lists", "write:media", "write:mutes", "write:notifications",
	"write:reports", "write:statuses",
	"read:accounts", "read:blocks", "read:bookmarks", "read:favourites", "read:filters", "read:follows",
	"read:lists", "read:mutes", "read:notifications", "read:search", "read:statuses",
	"follow", "push",
}

func allKnown(wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(scopes, s) })
}

// metadata is RFC 8414's document. Its issuer ends in a slash, as Mastodon's does.
func (i *Instance) metadata(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, "application/json", map[string]any{
		"issuer":                                i.base + "/",
		"service_documentation":                 "https://docs.joinmastodon.org/",
		"authorization_endpoint":                i.base + "/oauth/authorize",
		"token_endpoint":                        i.base + "/oauth/token",
		"revocation_endpoint":                   i.base + "/oauth/revoke",
		"app_registration_endpoint":             i.base + "/api/v1/apps",
		"scopes_supported":                      scopes,
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"grant_types_supported":                 []string{"authorization_code"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":      []string{"S256"},
	})
}

// version is what the instance says it runs.
const version = "4.6.0"

func (i *Instance) instanceV1(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, "application/json", map[string]any{
		"uri":               i.localDomain,
		"title":             "Sandbox",
		"short_description": "A small instance to try things on.",
		"version":           version,
		"registrations":     false,
		"languages":         []string{"fr", "en"},
	})
}

func (i *Instance) instanceV2(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, "application/json", map[string]any{
		"domain":        i.localDomain,
		"title":         "Sandbox",
		"version":       version,
		"source_url":    "https://github.com/mastodon/mastodon",
		"description":   "A small instance to try things on.",
		"languages":     []string{"fr", "en"},
		"registrations": map[string]any{"enabled": false, "approval_required": false},
		"rules":         []any{},
	})
}
