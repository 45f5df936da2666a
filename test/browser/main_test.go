//go:build browser

package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestMain runs the tests, then ends the issuer and the browser that they share.
func TestMain(m *testing.M) {
	code := m.Run()
	if err := errors.Join(stopShared(), stopChromium()); err != nil {
		fmt.Println("FAIL: what the tests share does not stop cleanly:", err)
		code = 1
	}
	os.Exit(code)
}

// startTime is how long Chromium may take to start, on a machine that is busy.
const startTime = time.Minute

// The browser that all tests share: one process with a fresh profile. Each test
// opens windows of its own in it, which share no cookies.
var (
	chromiumMu   sync.Mutex
	chromiumOnce = sync.OnceValues(startChromium)
	stopChromium = func() error { return nil }
)

func chromium(t *testing.T) context.Context {
	t.Helper()
	chromiumMu.Lock()
	defer chromiumMu.Unlock()
	ctx, err := chromiumOnce()
	if errors.Is(err, errNoChromium) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

var errNoChromium = errors.New("chromium is not there: run test/install")

func startChromium() (context.Context, error) {
	path := "/usr/bin/chromium"
	if _, err := os.Stat(path); err != nil {
		return nil, errNoChromium
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun}
	for _, name := range []string{
		"disable-background-networking", "disable-component-update", "disable-sync", "disable-default-apps",
		"disable-extensions", "disable-dev-shm-usage", "hide-scrollbars", "mute-audio",
	} {
		options = append(options, chromedp.Flag(name, true))
	}
	options = append(options, chromedp.Flag("force-color-profile", "srgb"))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stopChromium = func() error {
		err := chromedp.Cancel(ctx) // ends the process, by its own id, and waits for it
		cancel()
		end()
		return err
	}
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(ctx) }()
	select {
	case err := <-started:
		return ctx, err
	case <-time.After(startTime):
		return nil, errors.New("chromium does not start")
	}
}
