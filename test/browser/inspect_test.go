//go:build browser

package browser

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// screen is what a page is shown on.
type screen struct {
	name          string
	width, height int64
	scale         float64
}

var (
	desktop = screen{"desktop", 1280, 800, 1}
	phone   = screen{"phone", 360, 800, 1}
	narrow  = screen{"narrow", 320, 640, 1}
	zoomed  = screen{"zoomed", 640, 400, 2} // the desktop at 200 %
)

// pictures is where screenshots are kept, seen from here.
const pictures = "../../.cache/screenshots"

// inspect holds the page that a tab shows against the rules for every page, and
// keeps pictures of it under a name.
func (p *tab) inspect(name string) {
	p.t.Helper()
	for _, fault := range p.traffic.faults() {
		p.t.Errorf("%s: %s", name, fault)
	}
	for _, dead := range eval[[]string](p, deadEnds) {
		p.t.Errorf("%s links to %s, which is not on the page", name, dead)
	}
	p.show(narrow, "light")
	p.fits(name, narrow)
	p.show(zoomed, "light")
	p.fits(name, zoomed)
	p.show(phone, "light")
	p.fits(name, phone)
	p.picture(name + ".phone")

	for _, scheme := range []string{"dark", "light"} {
		p.show(desktop, scheme)
		p.fits(name, desktop)
		p.picture(name + "." + scheme)
		p.axe(name, scheme)
	}
}

// show puts the tab on a screen in a colour scheme.
func (p *tab) show(s screen, scheme string) {
	p.t.Helper()
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.width, Height: s.height, DeviceScaleFactor: s.scale,
	})
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// deadEnds are links to places on the page that are not there.
const deadEnds = `[...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href')).filter(h => !document.getElementById(h.slice(1)))`

// sideways names what makes a page wider than its window.
const sideways = `(() => {
	if (document.documentElement.scrollWidth <= innerWidth) return '';
	const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1);
	return document.documentElement.scrollWidth + ' px: ' + wide.slice(0, 4).map(e => e.tagName + '.' + e.className).join(', ');
})()`

func (p *tab) fits(name string, s screen) {
	p.t.Helper()
	if wide := eval[string](p, sideways); wide != "" {
		p.t.Errorf("%s scrolls sideways at %d px: %s", name, s.width, wide)
	}
}

// picture keeps the whole page.
func (p *tab) picture(name string) {
	p.t.Helper()
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pictures, name+".png"), p.shot(), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) shot() []byte {
	p.t.Helper()
	yes := true
	return call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes, OptimizeForSpeed: &yes}).Data
}

// axeSource is axe-core.
var axeSource = sync.OnceValues(func() (string, error) {
	b, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	return string(b), err
})

const axeRun = `axe.run(document, {
	runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']},
	resultTypes: ['violations'],
}).then(r => r.violations.map(v => v.id + ': ' + v.help + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary).join('; ')))`

// axe holds the page against the rules of WCAG 2.2 AA and what is good practice.
func (p *tab) axe(name, scheme string) {
	p.t.Helper()
	for _, v := range p.violations() {
		p.t.Errorf("%s, %s: %s", name, scheme, v)
	}
}

// violations are what axe-core finds on the page.
func (p *tab) violations() []string {
	p.t.Helper()
	source, err := axeSource()
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") == "" {
		p.t.Skip("axe-core is not there: run test/install")
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.allowScripts(true)
	defer p.allowScripts(false)
	if !eval[bool](p, "typeof axe === 'object'") {
		eval[chromedp.Void](p, source)
	}
	found, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](axeRun, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("axe: %v", err)
	}
	return found
}

func (p *tab) allowScripts(yes bool) {
	p.t.Helper()
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !yes})
}

// call sends a command to a tab, which must take it.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.ctx, command, params)
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return r
}
