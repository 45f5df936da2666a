//go:build browser

package browser

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"cocarde.example/attest"
)

// published fetches the public attestation of a badge.
func published(t *testing.T, badge string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(badge, "/b/", "/v1/attestations/", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/dc+sd-jwt")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	token, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", resp.StatusCode, err)
	}
	return string(token)
}

// TestChecks pastes what readers paste, and looks at each kind of report.
func TestChecks(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a, b := w.agent(t, "fr"), w.agent(t, "fr")
	badge, revoked := a.attested(), b.attested()
	desk := w.desk(t)
	act := attest.Act{BadgeID: revoked[strings.LastIndexByte(revoked, '/')+1:], By: "operator", Reason: attest.LeftAgency, Note: "seen nowhere"}
	if _, err := desk.Badges.Revoke(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	strangers := newWorld(t, generous())
	foreign := published(t, strangers.agent(t, "en").attested())
	token := published(t, badge)
	tampered := token[:len(token)/2] + "AAAA" + token[len(token)/2+4:]

	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := open(t, lang)
			for _, tt := range []struct {
				name, what, account, tone string
			}{
				{"handle", a.handle, "", "fine"},
				{"badge", badge, "", "fine"},
				{"token", token, "", "fine"},
				{"beside-itself", token, a.handle, "fine"},
				{"beside-another", token, "@other@social.example", "failed"},
				{"revoked", b.handle, "", "failed"},
				{"tampered", tampered, "", "failed"},
				{"stranger", foreign, "", "failed"},
				{"no-token", "eyJhbGciOiJFUzI1NiJ9.x.y~", "", "failed"},
			} {
				p.visit(w.origin() + "/verify")
				p.fill("#what", tt.what)
				p.fill("#account", tt.account)
				p.wants(p.click(send), 200)
				if !p.has("#verdict." + tt.tone) {
					t.Errorf("%s is not %s:\n%s", tt.name, tt.tone, p.text("main"))
				}
				if strings.Contains(p.address(), "eyJ") {
					t.Errorf("%s: the token stands in the URL", tt.name)
				}
				if lang == "fr" || tt.name == "badge" {
					openDetails(p)
					p.inspect("check-" + tt.name + "-" + lang)
				}
			}
			for what, name := range map[string]string{
				"": "", "@nobody@social.example": "check-unknown-" + lang, w.origin() + "/b/000000000000": "",
				"https://other.example/b/000000000000": "", "eyJ" + strings.Repeat("A", 70_000): "check-too-long-" + lang,
			} {
				p.visit(w.origin() + "/verify")
				p.fill("#what", what)
				p.click(send)
				p.refused("what", name)
			}
		})
	}
}
