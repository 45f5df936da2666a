//go:build browser

package browser

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// tab is one tab of somebody's browser.
type tab struct {
	t       *testing.T
	ctx     context.Context
	lang    string
	traffic *traffic
}

// open opens a browser of its own, which shares no cookies with any other. It asks
// for a language, and runs no scripts.
func open(t *testing.T, lang string) *tab {
	t.Helper()
	return openIn(t, chromium(t), lang, chromedp.WithNewBrowserContext())
}

// another opens another tab of the same browser.
func (p *tab) another() *tab {
	p.t.Helper()
	return openIn(p.t, p.ctx, p.lang)
}

func openIn(t *testing.T, parent context.Context, lang string, options ...chromedp.ContextOption) *tab {
	t.Helper()
	p := &tab{t: t, lang: lang, traffic: &traffic{}}
	ctx, cancel := chromedp.NewContext(parent, append(options, chromedp.WithListener(p.traffic.note))...)
	bounded, end := context.WithTimeout(ctx, 16*patience)
	p.ctx = bounded
	t.Cleanup(func() {
		end()
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil { // its target lives as long as this context
		t.Fatal(err)
	}
	call(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}})
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.show(desktop, "light")
	return p
}

// visit opens an address, and gives the status of the answer.
func (p *tab) visit(address string) int {
	p.t.Helper()
	resp, err := chromedp.Run(p.ctx, chromedp.NavigateResponse(address))
	if err != nil {
		p.t.Fatalf("%s: %v", address, err)
	}
	return int(resp.Status)
}

// refresh opens an address, whatever the browser still has of it.
func (p *tab) refresh(address string) int {
	p.t.Helper()
	call(p, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	defer call(p, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: false})
	return p.visit(address)
}

// click clicks on a link or a button that leads to another page, and gives the
// status of the answer.
func (p *tab) click(selector string) int {
	p.t.Helper()
	p.needs(selector)
	resp, err := chromedp.RunResponse(p.ctx, chromedp.Click(chromedp.CSS(selector)))
	if err != nil {
		p.t.Fatalf("click on %s: %v", selector, err)
	}
	return int(resp.Status)
}

// fill types into a field, in place of what it holds.
func (p *tab) fill(selector, text string) {
	p.t.Helper()
	p.needs(selector)
	eval[bool](p, "(e => { e.focus(); e.select(); return true })(document.querySelector("+quote(selector)+"))")
	call(p, input.InsertText, input.InsertTextParams{Text: text})
}

// choose clicks on something that leads nowhere, such as a radio button.
func (p *tab) choose(selector string) {
	p.t.Helper()
	p.needs(selector)
	if err := chromedp.Do(p.ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		p.t.Fatalf("click on %s: %v", selector, err)
	}
}

// needs fails at once where waiting would not help: pages change by navigation only.
func (p *tab) needs(selector string) {
	p.t.Helper()
	if !p.has(selector) {
		p.t.Fatalf("%s has no %s:\n%s", p.address(), selector, p.text("body"))
	}
}

func (p *tab) has(selector string) bool {
	p.t.Helper()
	return eval[bool](p, "document.querySelector("+quote(selector)+") !== null")
}

// text is what a part of the page reads.
func (p *tab) text(selector string) string {
	p.t.Helper()
	return eval[string](p, "(document.querySelector("+quote(selector)+") ?? {}).innerText ?? ''")
}

// attribute of the first that a selector finds.
func (p *tab) attribute(selector, name string) string {
	p.t.Helper()
	return eval[string](p, "document.querySelector("+quote(selector)+")?.getAttribute("+quote(name)+") ?? ''")
}

// value is what stands in a field.
func (p *tab) value(selector string) string {
	p.t.Helper()
	return eval[string](p, "document.querySelector("+quote(selector)+")?.value ?? ''")
}

// says fails unless the page reads this somewhere.
func (p *tab) says(texts ...string) {
	p.t.Helper()
	body := strings.Join(strings.Fields(p.text("body")), " ")
	for _, text := range texts {
		if !strings.Contains(body, text) {
			p.t.Errorf("%s does not say %q:\n%s", p.address(), text, body)
		}
	}
}

func (p *tab) address() string {
	p.t.Helper()
	return eval[string](p, "location.href")
}

// wants fails unless a status is this one.
func (p *tab) wants(status, want int) {
	p.t.Helper()
	if status != want {
		p.t.Fatalf("%s answers %d, want %d:\n%s", p.address(), status, want, p.text("body"))
	}
}

// eval evaluates an expression, for which the page's policy does not count.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("evaluate %.100s: %v", expression, err)
	}
	return v
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always encodes
	}
	return string(b)
}
