package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// verifyCredentials tells who a token speaks for. acct comes without host, and
// uri is the actor's id.
func (i *Instance) verifyCredentials(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "private, no-store")
	t, found := i.bearer(r)
	switch {
	case !found:
		refuseToken(w, "The access token is invalid")
		return
	case t.revoked:
		refuseToken(w, "The access token was revoked")
		return
	case !opens(t.scope, "profile", "read", "read:accounts"):
		writeError(w, http.StatusForbidden, "This action is outside the authorized scopes")
		return
	}
	a := t.account.snapshot()
	if a.suspended {
		writeError(w, http.StatusForbidden, "Your login is currently disabled")
		return
	}
	writeJSON(w, http.StatusOK, "application/json", credentials(a))
}

func refuseToken(w http.ResponseWriter, message string) {
	w.Header().Set("WWW-Authenticate",
		`Bearer realm="Doorkeeper", error="invalid_token", error_description="`+message+`"`)
	writeError(w, http.StatusUnauthorized, message)
}

// opens tells whether a token's scope has one of those that suffice.
func opens(scope string, suffice ...string) bool {
	return slices.ContainsFunc(strings.Fields(scope), func(s string) bool { return slices.Contains(suffice, s) })
}

type credentialField struct {
	Name       string  `json:"name"`
	Value      string  `json:"value"`
	VerifiedAt *string `json:"verified_at"`
}

func credentials(a snapshot) map[string]any {
	shown, source := []credentialField{}, []credentialField{}
	for _, f := range a.fields {
		shown = append(shown, credentialField{Name: f.Name, Value: fieldHTML(f.Value)})
		source = append(source, credentialField{Name: f.Name, Value: f.Value})
	}
	return map[string]any{
		"id":           a.ID(),
		"username":     a.username,
		"acct":         a.username,
		"display_name": a.username,
		"url":          a.URL(),
		"uri":          a.ActorID(),
		"note":         "",
		"locked":       false,
		"bot":          false,
		"created_at":   a.created.UTC().Truncate(24 * time.Hour).Format("2006-01-02T15:04:05.000Z"),
		"fields":       shown,
		"source":       map[string]any{"note": "", "fields": source},
	}
}
