//go:build browser

package browser

import (
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// stops are what a keyboard must be able to reach, in the order of the page. Of a
// group of radio buttons it is the one that is chosen, or any.
const stops = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
	.filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true}))
	.filter((e, i, all) => e.type !== 'radio' || (all.find(o => o.name === e.name && o.checked) ?? all.find(o => o.name === e.name)) === e)`

// focused says where the keyboard is, and what is wrong there.
const focused = `(() => {
	const e = document.activeElement;
	if (e === document.body || e === document.documentElement) return {index: -1};
	const all = ` + stops + `;
	const style = getComputedStyle(e), box = e.getBoundingClientRect();
	const faults = [];
	if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) faults.push('shows no focus');
	if (box.width < 1 || box.height < 1 || box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight || box.left >= innerWidth) faults.push('is out of sight');
	const same = o => o === e || e.type === 'radio' && o.name === e.name;
	return {index: all.findIndex(same), what: e.outerHTML.slice(0, 120), fault: faults.join(', ')};
})()`

type focus struct {
	Index       int
	What, Fault string
}

// press presses a key.
func (p *tab) press(key string) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.KeyEvent(key)); err != nil {
		p.t.Fatal(err)
	}
}

// walk goes round the page with the tab key: every control is reached, in the
// page's order, and shows that it has the focus.
func (p *tab) walk(name string) {
	p.t.Helper()
	n := eval[int](p, stops+".length")
	reached := make([]bool, n)
	last, turns := -1, 0
	for range 2*n + 4 {
		p.press(kb.Tab)
		at := eval[focus](p, focused)
		if at.Index < 0 {
			continue // beyond the page's end, or where a mistake is told
		}
		if at.Fault != "" {
			p.t.Errorf("%s: %s %s", name, at.What, at.Fault)
		}
		if at.Index < last {
			turns++
		}
		last, reached[at.Index] = at.Index, true
	}
	if turns > 2 {
		p.t.Errorf("%s: the keyboard jumps about", name)
	}
	for i, ok := range reached {
		if !ok {
			p.t.Errorf("%s: the keyboard does not reach %s", name, eval[string](p, stops+"["+strconv.Itoa(i)+"].outerHTML.slice(0, 120)"))
		}
	}
}

// reach presses the tab key until something has the focus.
func (p *tab) reach(selector string) {
	p.t.Helper()
	p.needs(selector)
	for range 100 {
		p.press(kb.Tab)
		if eval[bool](p, "document.activeElement.matches("+quote(selector)+")") {
			return
		}
	}
	p.t.Fatalf("the keyboard does not reach %s at %s", selector, p.address())
}

// enter reaches a link or a button, and presses it.
func (p *tab) enter(selector string) int {
	p.t.Helper()
	p.walk(p.address())
	p.reach(selector)
	resp, err := chromedp.RunResponse(p.ctx, chromedp.KeyEvent(kb.Enter))
	if err != nil {
		p.t.Fatalf("press %s: %v", selector, err)
	}
	return int(resp.Status)
}

// TestTheWayByKeyboard goes the whole way without a mouse.
func TestTheWayByKeyboard(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, "en")
	write := func(selector, text string) {
		t.Helper()
		a.reach(selector)
		a.press(text)
	}
	a.wants(a.visit(w.origin()+"/"), 200)
	a.wants(a.enter(`main a[href="/request"]`), 200)
	a.wants(a.enter(`main a[href="/request/new/account"]`), 200)
	a.enter(send)
	a.wants(a.visit(w.origin()+"/request/new/account"), 200)
	write("#handle", a.handle)
	a.wants(a.enter(send), 200)
	a.wants(a.enter(`main .actions a.button`), 200)
	write("#email", a.mailbox)
	a.wants(a.enter(send), 200)
	a.reach("input[name=proof]")
	a.press(" ") // the first: by signing in
	a.wants(a.enter(send), 200)
	a.reach("input[name=listed]")
	a.press(kb.ArrowDown)
	a.wants(a.enter(send), 200)
	a.wants(a.enter(send), 200)
	a.wants(a.enter(signInLink), 200)
	write("#username", a.name)
	write("#password", a.password)
	a.wants(a.enter(`button[value=authorize]`), 200)
	write("#code", a.readCode(1))
	a.wants(a.enter(`form[action*="/mailbox-proof"] button`), 200)
	a.wants(a.enter(`form[action*="/attestation"] button`), 200)
	a.walk("issued")
	a.wants(a.visit(a.value("#link")), 200)
	a.walk("badge")
}
