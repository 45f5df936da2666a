package published

import (
	"encoding/json"
	"time"

	"cocarde.example/internal/locale"
	"cocarde.example/verify"
)

// The members of type metadata (draft-ietf-oauth-sd-jwt-vc §6).
type (
	typeMetadata struct {
		VCT         string        `json:"vct"`
		Name        string        `json:"name"`
		Description string        `json:"description"`
		Display     []typeDisplay `json:"display"`
		Claims      []claim       `json:"claims"`
	}
	typeDisplay struct {
		Locale      string `json:"locale"`
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	claim struct {
		Path    []string       `json:"path"`
		Display []claimDisplay `json:"display"`
		SD      string         `json:"sd"` // "always" or "never" selectively disclosable
	}
	claimDisplay struct {
		Locale      string `json:"locale"`
		Label       string `json:"label"`
		Description string `json:"description"`
	}
)

// mailboxTypePath is where the type of the attestation of a person's mailbox is described.
const mailboxTypePath = "/vct/" + verify.KindMailbox + "/v1"

// mailboxType describes it in every language that there are texts in.
func mailboxType(origin string) Document {
	m := typeMetadata{
		VCT: verify.VCT(origin, verify.KindMailbox), Name: text(locale.Default, "name"), Description: text(locale.Default, "text"),
		Claims: []claim{
			described("account", "never", "acct"),
			described("domain", "never", "agency", "domain"),
			described("agency", "never", "agency", "name"),
			described("country", "never", "agency", "country"),
			described("account-proof", "never", "account_proof"),
			described("mailbox-proof", "never", "mailbox_proof"),
			described("address", "always", verify.ClaimEmail),
		},
	}
	for _, lang := range locale.Languages() {
		m.Display = append(m.Display, typeDisplay{lang, text(lang, "name"), text(lang, "text")})
	}
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic(err) // strings always encode
	}
	return newDocument(append(body, '\n'), jsonType, 24*time.Hour)
}

func described(id, sd string, path ...string) claim {
	c := claim{Path: path, SD: sd}
	for _, lang := range locale.Languages() {
		c.Display = append(c.Display, claimDisplay{lang, text(lang, id), text(lang, id+"-text")})
	}
	return c
}

func text(lang, id string) string {
	t, err := locale.Text(lang, "type."+id, nil)
	if err != nil {
		panic(err) // every file has every text
	}
	return t
}
