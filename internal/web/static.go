package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// static is a file under a name that changes with its content.
type static struct {
	path        string
	contentType string
	body        []byte
}

// newStatic reads an embedded file; more is added to its end.
func newStatic(name, contentType, more string) (static, error) {
	body, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		return static{}, fmt.Errorf("web: %w", err)
	}
	body = append(body, more...)
	sum := sha256.Sum256(body)
	stem, ext, _ := strings.Cut(name, ".")
	return static{"/static/" + stem + "." + hex.EncodeToString(sum[:6]) + "." + ext, contentType, body}, nil
}

// serveStatic serves the files, for good: another content has another name.
func (p *Pages) serveStatic(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path != p.style.path {
		return errNotFound
	}
	h := w.Header()
	h.Set("Content-Type", p.style.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Length", strconv.Itoa(len(p.style.body)))
	_, _ = w.Write(p.style.body)
	return nil
}
