package web_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

const managing = "/b/" + badge + "/manage"

// manager is a browser before the badge in a state.
func manager(t *testing.T, lang string, state attest.BadgeState) *visitor {
	t.Helper()
	v := visit(t, lang, verify.Report{})
	v.request.manages = true
	v.request.badge.State = state
	v.request.badge.Published = &attest.Published{Badge: attest.Badge{ID: badge, Actor: v.request.view.Actor}}
	return v
}

func TestManagePage(t *testing.T) {
	t.Parallel()
	for state, texts := range map[attest.BadgeState][2]string{
		attest.BadgeValid: {"Renew my badge", "Renouveler mon badge"}, attest.BadgeEnded: {"Renew my badge", "Renouveler mon badge"},
		attest.BadgeSuspended: {"This badge is suspended", "Ce badge est suspendu"}, attest.BadgeRevoked: {"This badge is revoked", "Ce badge est révoqué"},
	} {
		for n, lang := range []string{"en", "fr"} {
			v := manager(t, lang, state)
			v.get(managing).is(200, texts[n], "@marie@social.example", `value="code"`)
		}
	}
	reserved := manager(t, "en", attest.BadgeReserved)
	reserved.request.badge.Published = nil
	reserved.get(managing).is(404)
}

func TestManagingBegins(t *testing.T) {
	t.Parallel()
	v := manager(t, "fr", attest.BadgeValid)
	v.post(managing, "what", "renewal", "renewal", "oauth").to(here)
	if got := v.request.renewing; got == nil || *got != (attest.Renewing{BadgeID: badge, Method: "oauth", Lang: "fr", Client: "127.0.0.1"}) {
		t.Errorf("began %+v", got)
	}
	v.get(here).is(200, "Se connecter sur social.example")
	v.post(managing, "what", "access", "access", "code").to(managing) // it would give up the former request
	v.get(managing).is(200, `name="instead" value="`+requestID+`"`)
	v.post(managing, "what", "access", "access", "code", "instead", requestID).to(here)
	if got := v.request.accessing; got == nil || !got.ByMailbox || got.Method != "code" {
		t.Errorf("began %+v", got)
	}
	v.get(here).is(200, "si elle est encore conservée ici").lacks("Étape 2")

	link := manager(t, "en", attest.BadgeValid)
	link.post(managing, "what", "access", "access", "link").to(here)
	link.get(here).is(200, ">"+issuer+"/b/"+badge+"?request="+requestID+"</textarea>", "in place of the badge")
}

func TestManagingRefusals(t *testing.T) {
	t.Parallel()
	v := manager(t, "en", attest.BadgeValid)
	v.post(managing, "what", "renewal").is(422, `id="renewal-error"`, `href="#renewal"`)
	v.post(managing, "what", "access").is(422, `id="access-error"`, `href="#access"`)
	v.post(managing).is(422)
	v.request.fails = fault.New(fault.Conflict, "badge_not_renewable", "It cannot be renewed.")
	v.post(managing, "what", "renewal", "renewal", "link").is(422, "It cannot be renewed.")
	v.do("POST", managing, nil, "Sec-Fetch-Site: cross-site").is(403)
}

// TestAccessPage: what an agent may do once a proof stands, and what comes of it.
func TestAccessPage(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "fr"} {
		for _, method := range []string{"oauth", "link", "code"} {
			v := manager(t, lang, attest.BadgeValid)
			v.post(managing, "what", "access", "access", method).to(here)
			v.get(here + "/record.json").to(here)
			v.request.view.State = attest.Proven
			v.get(here).is(200, here+"/record.json", here+"/badge-withdrawal", here+"/badge-erasure", here+"/withdrawal")
			file := v.get(here + "/record.json")
			var kept map[string]any
			if err := json.Unmarshal([]byte(file.text), &kept); err != nil || kept["id"] != badge ||
				!strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment;") {
				t.Errorf("the file is %v, %v: %s", err, file.header, file.text)
			}
			v.post(here + "/badge-withdrawal").to(here)
			v.get(here).is(200).lacks(here+"/badge-withdrawal", here+"/withdrawal", "Your badge stays", "Votre badge reste")
			v.post(here+"/badge-erasure").is(422, `id="sure-error"`, `href="#sure"`)
			if slices.Contains(v.request.calls, "EraseBadge") {
				t.Error("erased though nobody was sure")
			}
			v.post(here+"/badge-erasure", "sure", "yes").to("/request/erased")
			if len(v.cookies) != 0 {
				t.Errorf("the browser keeps %v", v.cookies)
			}
			v.get("/request/erased").is(200)
			v.get(here).is(403)
		}
	}
}

// TestRenewalPages: a renewal is told from a first request.
func TestRenewalPages(t *testing.T) {
	t.Parallel()
	for lang, texts := range map[string][3]string{
		"en": {"Leave this link", "Renew your badge", "Your badge is renewed"},
		"fr": {"Laissez ce lien", "Renouvelez votre badge", "Votre badge est renouvelé"},
	} {
		v := manager(t, lang, attest.BadgeValid)
		v.post(managing, "what", "renewal", "renewal", "link").to(here)
		v.get(here).is(200, texts[0])
		v.request.view.State = attest.Proven
		v.get(here).is(200, texts[1])
		v.request.view.State = attest.Issued
		v.get(here).is(200, texts[2], managing)
		v.request.view.State = attest.Expired
		v.get(here).is(200, `href="/b/`+badge+`"`).lacks(`class="button" href="/request"`, "Nothing was published", "Rien n’a été publié")
	}
}
