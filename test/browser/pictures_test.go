//go:build browser

package browser

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"

	"cocarde.example/internal/sandbox"
)

// TestPictures makes the pictures of the documentation anew, if it is asked to by
// COCARDE_PICTURES=1: they are kept in the repository.
func TestPictures(t *testing.T) {
	if os.Getenv("COCARDE_PICTURES") != "1" {
		t.Skip("set COCARDE_PICTURES=1 to make the pictures of the documentation anew")
	}
	w := newWorld(t, generous(), "COCARDE_ADDR=127.0.0.1:8080", "COCARDE_URL=http://cocarde.localhost:8080", "COCARDE_NAME=Cocarde")
	listener, err := net.Listen("tcp", "127.0.0.1:8090")
	if err != nil {
		t.Fatal(err)
	}
	instance, err := sandbox.StartInstance(sandbox.InstanceOptions{Listener: listener, BaseURL: "http://social.localhost:8090"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := instance.Close(); err != nil {
			t.Error(err)
		}
	})
	a := w.agentNamed(t, "en", instance, "marie")
	badge := a.attested()
	a.keep("last-page", 1180)
	a.wants(a.visit(badge), 200)
	a.keep("badge", 1080)
}

// keep puts the upper part of a page among the documentation's pictures.
func (p *tab) keep(name string, height int64) {
	p.t.Helper()
	p.show(screen{name, 900, height, 1}, "light")
	const dir = "../../docs/images"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	picture := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{}).Data
	if len(picture) > 200_000 {
		p.t.Errorf("the picture %s has %d bytes", name, len(picture))
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
