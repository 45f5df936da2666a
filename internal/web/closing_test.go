package web_test

import (
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

// closing is a browser at an issuer that closes.
func closing(t *testing.T, lang string) *visitor {
	t.Helper()
	closes := look
	closes.Closes = time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC)
	return visitAs(t, closes, lang, verify.Report{})
}

// TestClosing: pages say so, and lead nobody into questions that lead nowhere.
func TestClosing(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string][3]string{
		"en": {"This issuer closes on 30\u00a0June 2027.", "This issuer takes no new requests", "renews no badges any more"},
		"fr": {"Cet émetteur ferme le 30\u00a0juin 2027.", "Cet émetteur ne prend plus de demandes", "ne renouvelle plus de badge"},
	} {
		v := closing(t, lang)
		for _, path := range []string{"/", "/request", "/verify"} {
			v.get(path).is(200, words[0]).lacks("/request/new")
		}
		v.get("/request").is(200, words[1])
		v.get("/request/new").to("/request")
		v.get("/request/new/account").to("/request")
		v.post("/request/new/account", "handle", "@marie@social.example").to("/request")
		v.post("/request/new/summary").to("/request")

		v.request.manages = true
		v.request.badge.State = attest.BadgeValid
		v.request.badge.Published = &attest.Published{Badge: attest.Badge{ID: badge, Actor: v.request.view.Actor}}
		v.get(managing).is(200, words[2], `name="access"`).lacks(`name="renewal"`)
		v.get("/request/erased").is(200).lacks(`class="button"`)
	}
	visit(t, "en", verify.Report{}).get("/").is(200, "/request").lacks("This issuer closes")
}

// TestClosingMeanwhile: what was under way stays the agent's, and a refusal at its end is told on its page.
func TestClosingMeanwhile(t *testing.T) {
	t.Parallel()
	v := underWay(t, "fr", attest.ByOAuth, attest.Proven)
	v.request.fails = fault.New(fault.Gone, "issuer_closing", "This issuer closes.")
	v.post(here+"/attestation").is(422, "Cet émetteur ferme")
}
