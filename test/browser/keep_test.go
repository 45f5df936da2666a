//go:build browser

package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"cocarde.example/attest"
)

// TestTheRequestOfABadgeNotInForce looks at the agent's last page after the badge
// was suspended, resumed and revoked.
func TestTheRequestOfABadgeNotInForce(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			w := shared(t)
			a := w.agent(t, lang)
			badge := a.attested()
			request := a.address()
			desk := w.desk(t)
			act := attest.Act{BadgeID: badge[strings.LastIndexByte(badge, '/')+1:], By: "operator", Reason: attest.Other, Note: "seen nowhere"}
			if _, err := desk.Badges.Suspend(t.Context(), act); err != nil {
				t.Fatal(err)
			}
			a.wants(a.click(`form[action*="/profile-check"] button`), 200) // on the page of before
			a.needs("main .warning[role=status]")
			a.inspect("request-suspended-" + lang)
			if _, err := desk.Badges.Resume(t.Context(), act); err != nil {
				t.Fatal(err)
			}
			a.wants(a.visit(request), 200)
			a.needs("#link")
			if _, err := desk.Badges.Revoke(t.Context(), act); err != nil {
				t.Fatal(err)
			}
			a.wants(a.visit(request), 200)
			if a.has("#link") || !a.has("main .failed") {
				t.Errorf("the page of a revoked badge: %s", a.text("main"))
			}
			a.inspect("request-revoked-" + lang)
		})
	}
}

// TestAnotherRequest begins a second request, then has the browser forget it.
func TestAnotherRequest(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			w := shared(t)
			first, second := w.agent(t, lang), w.agent(t, lang)
			first.attested()
			former := first.address()
			first.wants(first.visit(w.origin()+"/request"), 200)
			first.inspect("start-issued-" + lang)
			a := *second
			a.tab = first.tab
			a.seen = func(page string) {
				if page == "summary" {
					a.needs(`main .warning a[href="` + strings.TrimPrefix(former, w.origin()) + `"]`)
					a.inspect("summary-instead-" + lang)
				}
			}
			a.begin()
			a.wants(a.visit(former), 403)
			a.wants(a.click(`main a.button`), 200)
			a.inspect("start-under-way-" + lang)
			a.wants(a.click(`main a[href="/request/forget"]`), 200)
			a.inspect("forget-" + lang)
			a.wants(a.click(send), 200)
			if a.has(send) {
				t.Error("something is still kept")
			}
			a.inspect("forgotten-" + lang)
		})
	}
}

// TestPrint prints what is folded too.
func TestPrint(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, "fr")
	a.wants(a.visit(a.attested()), 200)
	const height = `document.querySelector('details:has(pre)').getBoundingClientRect().height`
	folded := eval[float64](a.tab, height)
	call(a.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	if printed := eval[float64](a.tab, height); printed < 3*folded {
		t.Errorf("on the screen it is %v px high, printed %v", folded, printed)
	}
	a.picture("badge-printed-fr")
}

// TestTheHeadTakesOneLine holds the navigation to one line on a narrow phone.
func TestTheHeadTakesOneLine(t *testing.T) {
	t.Parallel()
	w := shared(t)
	for _, lang := range []string{"fr", "en"} {
		p := open(t, lang)
		p.wants(p.visit(w.origin()+"/"), 200)
		p.show(narrow, "light")
		const lines = `new Set([...document.querySelectorAll('.top nav li')].map(e => Math.round(e.getBoundingClientRect().top))).size`
		if n := eval[int](p, lines); n != 1 {
			t.Errorf("%s: %d lines", lang, n)
		}
		p.picture("head-" + lang + ".narrow")
	}
}
