//go:build browser

package browser

import (
	"strings"
	"testing"
)

// TestTheWay goes both ways to a badge, in each language, without a script.
func TestTheWay(t *testing.T) {
	t.Parallel()
	w := shared(t)
	for _, tt := range []struct {
		lang, method string
		inspected    bool
	}{
		{"fr", "oauth", true},
		{"en", "link", true},
		{"en", "oauth", false},
		{"fr", "link", false},
	} {
		t.Run(tt.method+"-"+tt.lang, func(t *testing.T) {
			t.Parallel()
			a := w.agent(t, tt.lang)
			a.method = tt.method
			if tt.inspected {
				a.inspecting("way-" + tt.method + "-" + tt.lang + "-")
			}
			a.begin()
			a.goOn(t)
		})
	}
}

// goOn goes from the request to the green tick.
func (a *agent) goOn(t *testing.T) {
	if lang := a.attribute("html", "lang"); lang != a.lang {
		t.Errorf("the page is in %q", lang)
	}
	if a.method == "link" {
		a.wants(a.click(lookNow), 200)
		a.seen("link-missing")
		reserved := a.value("#link")
		if state := a.saveField(reserved); !strings.Contains(state, "Not green") {
			t.Errorf("a reserved badge makes the field %q", state)
		}
		a.saveField(reserved + "?lang=fr&" + strings.Repeat("x", 150))
		a.wants(a.click(lookNow), 200)
		a.says(reserved + "?lang=fr&xxx")
		a.says(map[string]string{"en": "from the ? on", "fr": "point d’interrogation"}[a.lang])
		openDetails(a.tab)
		a.seen("link-nearly")
	}
	a.proveAccount()
	a.seen("code")
	a.wants(a.typeCode(a.readCode(1)), 200)
	a.seen("proven")
	badge := a.issue()
	a.seen("issued")
	if state := a.saveField(badge); !strings.Contains(state, "Green") || strings.Contains(state, "Not") {
		t.Errorf("the field with the badge is %q", state)
	}
	if a.method == "oauth" && a.lang == "fr" {
		a.homeTab.inspect("sandbox-editor-green")
	}
	a.wants(a.click(`form[action*="/profile-check"] button`), 200)
	a.seen("profile-checked")
	if !a.has("main .fine") {
		t.Errorf("the badge in the profile was not found:\n%s", a.text("main"))
	}
	a.wants(a.homeTab.visit(a.instance.BaseURL()+"/@"+a.name), 200)
	if !a.homeTab.has(`.verified a[href="` + badge + `"]`) {
		t.Errorf("the profile shows no green badge:\n%s", a.homeTab.text("main"))
	}
	a.wants(a.visit(badge), 200)
	a.says(a.handle)
}
