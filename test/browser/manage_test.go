//go:build browser

package browser

import (
	"testing"
	"time"
)

// TestManaging renews a badge on its pages, then sees, withdraws and erases it, with
// every page inspected on the way.
func TestManaging(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			w := shared(t)
			a := w.agent(t, lang)
			badge := a.attested()
			a.inspecting("manage-")

			a.wants(a.visit(badge), 200)
			a.wants(a.click(`main a[href*="/manage"]`), 200)
			a.seen("page-" + lang)
			a.wants(a.click(`form:has(input[value=renewal]) button`), 422) // nothing was chosen
			a.needs("#renewal-error")
			a.seen("page-wrong-" + lang)
			a.choose(`input[name=renewal][value=oauth]`)
			a.wants(a.click(`form:has(input[value=renewal]) button`), 200)
			a.signIn()
			a.seen("renewal-code-" + lang)
			a.wants(a.typeCode(a.readCode(2)), 200)
			a.seen("renewal-proven-" + lang)
			if again := a.issue(); again != badge {
				t.Errorf("renewed %s as %s", badge, again)
			}
			a.seen("renewed-" + lang)

			a.wants(a.click(`main a[href*="/manage"]`), 200)
			a.choose(`input[name=access][value=code]`)
			a.wants(a.click(`form:has(input[value=access]) button`), 200)
			a.seen("access-code-" + lang)
			a.wants(a.typeCode(a.readCode(3)), 200)
			a.needs(`a[href*="/record.json"]`)
			a.seen("access-" + lang)
			a.wants(a.click(`form[action*="/badge-withdrawal"] button`), 200)
			if a.has(`form[action*="/badge-withdrawal"]`) {
				t.Errorf("withdrawn, and to be withdrawn again: %s", a.text("main"))
			}
			a.seen("withdrawn-" + lang)
			a.wants(a.click(`form[action*="/badge-erasure"] button`), 422)
			a.needs("#sure-error")
			a.seen("unsure-" + lang)
			a.choose("#sure")
			a.wants(a.click(`form[action*="/badge-erasure"] button`), 200)
			a.seen("erased-" + lang)
			for deadline := time.Now().Add(patience); a.refresh(badge) != 404; time.Sleep(100 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the badge is there still: %s", a.text("main"))
				}
			}
		})
	}
}
