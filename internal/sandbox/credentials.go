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
	if a, ok := i.owner(w, r, "profile", "read", "read:accounts"); ok {
		writeJSON(w, http.StatusOK, "application/json", credentials(a))
	}
}

// updateCredentials changes the profile's rows, if some are given, and looks
// at their links as every saving does.
func (i *Instance) updateCredentials(w http.ResponseWriter, r *http.Request) {
	a, ok := i.owner(w, r, "write", "write:accounts")
	if !ok {
		return
	}
	params, ok := readParams(w, r)
	if !ok {
		return
	}
	fields, given := fieldsFrom(params)
	if !given {
		fields = a.fields
	}
	withoutDeadline(w)
	if err := a.SaveFields(r.Context(), fields...); err != nil {
		writeError(w, http.StatusUnprocessableEntity, "Validation failed: "+err.Error())
		return
	}
	writeJSON(w, http.StatusOK, "application/json", credentials(a.snapshot()))
}

// showAccount answers GET /api/v1/accounts/:id, which anybody may ask.
func (i *Instance) showAccount(w http.ResponseWriter, r *http.Request) {
	a, ok := i.byID(r.PathValue("id"))
	if !ok || a.deleted {
		notFound(w)
		return
	}
	writeJSON(w, http.StatusOK, "application/json", publicAccount(a))
}

// owner finds the account whose token a request shows, if the token opens one
// of the scopes. It answers the request itself when it returns false.
func (i *Instance) owner(w http.ResponseWriter, r *http.Request, suffice ...string) (a snapshot, ok bool) {
	w.Header().Set("Cache-Control", "private, no-store")
	t, found := i.bearer(r)
	switch {
	case !found:
		refuseToken(w, "The access token is invalid")
		return snapshot{}, false
	case t.revoked:
		refuseToken(w, "The access token was revoked")
		return snapshot{}, false
	case !opens(t.scope, suffice...):
		writeError(w, http.StatusForbidden, "This action is outside the authorized scopes")
		return snapshot{}, false
	}
	a = t.account.snapshot()
	if a.suspended {
		writeError(w, http.StatusForbidden, "Your login is currently disabled")
		return snapshot{}, false
	}
	return a, true
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

// verifiedAt is the time as Mastodon writes it, null if there is none.
func verifiedAt(f Field) *string {
	if f.VerifiedAt.IsZero() {
		return nil
	}
	text := f.VerifiedAt.UTC().Format("2006-01-02T15:04:05.000+00:00")
	return &text
}

// credentials is the account as its owner sees it.
func credentials(a snapshot) map[string]any {
	source := []credentialField{}
	for _, f := range a.fields {
		source = append(source, credentialField{f.Name, f.Value, verifiedAt(f)})
	}
	account := publicAccount(a)
	account["source"] = map[string]any{"note": "", "fields": source}
	return account
}

// publicAccount is the account as everybody sees it; of a suspended one
// nothing but the frame.
func publicAccount(a snapshot) map[string]any {
	shown := []credentialField{}
	for _, f := range a.fields {
		shown = append(shown, credentialField{f.Name, fieldHTML(f.Value), verifiedAt(f)})
	}
	account := map[string]any{
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
	}
	if a.suspended {
		account["suspended"], account["display_name"], account["fields"] = true, "", []credentialField{}
	}
	return account
}
