//go:build browser

package browser

import (
	"context"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
)

// TestBadgeStates looks at a badge in every state, in both languages.
func TestBadgeStates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, generous())
	desk := w.desk(t)
	a := w.agent(t, "en")
	a.method = "link"
	a.begin()
	reserved := a.value("#link")
	readers := map[string]*tab{"fr": open(t, "fr"), "en": open(t, "en")}

	look := func(state, address string, status int) {
		t.Helper()
		for _, lang := range []string{"fr", "en"} {
			p := readers[lang]
			p.wants(p.refresh(address), status)
			for deadline := time.Now().Add(patience); status == 200 && !p.has("section.badge."+state); time.Sleep(100 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the badge is not %s:\n%s", state, p.text("main"))
				}
				p.refresh(address)
			}
			if p.traffic.setsCookie() {
				t.Errorf("the page of a badge that is %s sets a cookie", state)
			}
			me := p.has(`link[rel=me]`) || p.has(`a[rel=me]`)
			profile := strings.Contains(eval[string](p, "document.documentElement.outerHTML"), a.instance.BaseURL()+"/@"+a.name+`"`)
			if named := state == "valid"; me != named || profile != named {
				t.Errorf("%s: rel=me %v, link to the profile %v", state, me, profile)
			}
			openDetails(p)
			p.inspect("badge-" + state + "-" + lang)
		}
	}
	look("unknown", w.origin()+"/b/000000000000", 404)
	look("reserved", reserved, 200)
	a.proveAccount()
	a.wants(a.typeCode(a.readCode(1)), 200)
	badge := a.issue()
	look("valid", badge, 200)
	act := attest.Act{BadgeID: badge[strings.LastIndexByte(badge, '/')+1:], By: "operator", Reason: attest.LeftAgency, Note: "seen nowhere"}
	for _, step := range []struct {
		state string
		do    func(context.Context, attest.Act) (bool, error)
	}{{"suspended", desk.Badges.Suspend}, {"valid", desk.Badges.Resume}} {
		if _, err := step.do(t.Context(), act); err != nil {
			t.Fatal(err)
		}
		look(step.state, badge, 200)
	}
	w.clock.advance(200 * 24 * time.Hour)
	look("ended", badge, 200)
}

// TestARevokedBadge looks at a badge that was taken back.
func TestARevokedBadge(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, "fr")
	badge := a.attested()
	act := attest.Act{BadgeID: badge[strings.LastIndexByte(badge, '/')+1:], By: "operator", Reason: attest.LeftAgency, Note: "seen nowhere"}
	if _, err := w.desk(t).Badges.Revoke(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); !a.has("section.badge.revoked"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the badge is not revoked:\n%s", a.text("main"))
		}
		a.refresh(badge)
	}
	if a.has(`[rel=me]`) {
		t.Error("a revoked badge names the profile as its own")
	}
	if state := a.saveField(badge); !strings.Contains(state, "Not green") {
		t.Errorf("the field with a revoked badge is %q", state)
	}
	a.inspect("badge-revoked-fr")
}

// openDetails shows what a page keeps folded.
func openDetails(p *tab) {
	p.t.Helper()
	eval[bool](p, "document.querySelectorAll('details').forEach(d => d.open = true), true")
}
