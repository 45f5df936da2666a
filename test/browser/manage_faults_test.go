//go:build browser

package browser

import (
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
)

// manage asks on a badge's page for a renewal or for access, by one method.
func (a *agent) manage(badge, what, how string) {
	a.t.Helper()
	a.wants(a.visit(badge+"/manage"), 200)
	a.choose(`input[name=` + what + `][value=` + how + `]`)
	a.wants(a.click(`form:has(input[value=`+what+`]) button`), 200)
}

// inBothLanguages reads the page in the other language, and in its own again.
func (a *agent) inBothLanguages() {
	a.t.Helper()
	other := map[string]string{"fr": "en", "en": "fr"}[a.lang]
	for _, lang := range []string{other, a.lang} {
		a.wants(a.click(`footer a[hreflang=`+lang+`]`), 200)
		if got := a.attribute("html", "lang"); got != lang {
			a.t.Errorf("%s is in %q, not %q", a.address(), got, lang)
		}
	}
}

// TestManagingMeetsTheUnexpected: a code that is wrong, a badge that changes meanwhile,
// a request whose time is over, a second tab.
func TestManagingMeetsTheUnexpected(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, generous())
			desk := w.desk(t)
			a := w.agent(t, lang)
			badge := a.attested()
			a.inspecting("manage-")
			act := attest.Act{BadgeID: badge[strings.LastIndexByte(badge, '/')+1:], By: "operator", Reason: attest.Other, Note: "seen nowhere"}

			a.manage(badge, "access", "code")
			wrong := "00000000"
			if a.readCode(2) == wrong {
				wrong = "00000001"
			}
			a.typeCode(wrong)
			a.refused("code", "manage-code-wrong-"+lang)
			a.wants(a.visit(a.address()), 200) // the address of the refused form
			a.needs("#code")
			a.inBothLanguages()
			w.clock.advance(61 * time.Minute)
			if a.typeCode(wrong) == 200 { // or the request is purged already
				a.needs(`main a[href*="/b/"]`)
			}
			a.seen("access-expired-" + lang)

			a.manage(badge, "access", "link")
			a.seen("access-link-" + lang)
			a.inBothLanguages()
			a.wants(a.click(lookNow), 200)
			a.seen("access-link-missing-" + lang)
			a.saveField(a.value("#link"))
			a.wants(a.click(lookNow), 200)
			a.needs(`form[action*="/badge-erasure"]`)
			a.seen("access-by-link-" + lang)
			a.inBothLanguages()
			a.choose("details.stop summary")
			a.wants(a.click(`form[action*="/withdrawal"] button`), 200)
			a.says(badge) // which the profile should show again
			a.seen("access-stopped-" + lang)

			a.manage(badge, "renewal", "oauth")
			a.signIn()
			a.wants(a.typeCode(a.readCode(3)), 200)
			if _, err := desk.Badges.Suspend(t.Context(), act); err != nil {
				t.Fatal(err)
			}
			a.click(`form[action*="/attestation"] button`)
			a.refused("", "manage-suspended-meanwhile-"+lang)
			if a.has(`form[action*="/withdrawal"]`) {
				a.inBothLanguages()
			}

			second := *a
			second.tab, second.mailTab = a.another(), nil
			second.wants(second.visit(badge+"/manage"), 200)
			for deadline := time.Now().Add(patience); second.has(`input[name=renewal]`); time.Sleep(100 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("a suspended badge may be renewed")
				}
				second.refresh(badge + "/manage")
			}
			second.inspect("manage-page-suspended-" + lang)
			second.manage(badge, "access", "code")
			second.wants(second.typeCode(second.readCode(4)), 200)
			second.inspect("manage-access-suspended-" + lang)
			second.choose("#sure")
			second.wants(second.click(`form[action*="/badge-erasure"] button`), 200)
			second.inBothLanguages()

			a.wants(a.click(`form[action*="/attestation"] button`), 403) // in the first tab
			a.seen("erased-meanwhile-" + lang)
		})
	}
}

// TestTheEndOfABadge: its agent is reminded, and renews it once it has ended.
func TestTheEndOfABadge(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, generous())
			a := w.agent(t, lang)
			badge := a.attested()
			w.clock.advance(151 * 24 * time.Hour)
			subject := map[string]string{"fr": "Un badge prend fin", "en": "A badge ends"}[lang]
			mine := `[...document.querySelectorAll('.cards a')].find(a => a.innerText.startsWith(` + quote(subject) + `))?.href ?? ''`
			mail := ""
			for deadline := time.Now().Add(patience); mail == ""; time.Sleep(100 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("nobody is reminded: %s", a.mailTab.text("body"))
				}
				a.mailTab.visit(a.instanceMail())
				mail = eval[string](a.mailTab, mine)
			}
			a.mailTab.wants(a.mailTab.visit(mail), 200)
			a.mailTab.inspect("reminder-" + lang)
			if text := a.mailTab.text("pre.mail"); strings.Contains(text, a.handle) || strings.Contains(text, badge) {
				t.Errorf("the reminder names the badge: %s", text)
			}

			w.clock.advance(30 * 24 * time.Hour)
			for deadline := time.Now().Add(patience); !a.has("section.badge.ended"); time.Sleep(100 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the badge has not ended:\n%s", a.text("main"))
				}
				a.refresh(badge)
			}
			a.inspecting("ended-")
			a.wants(a.click(`main a[href*="/manage"]`), 200)
			a.seen("manage-" + lang)
			a.inBothLanguages()
			a.manage(badge, "renewal", "oauth")
			a.signIn()
			a.wants(a.typeCode(a.readCode(2)), 200)
			if again := a.issue(); again != badge {
				t.Errorf("renewed %s as %s", badge, again)
			}
			a.seen("renewed-" + lang)
		})
	}
}
