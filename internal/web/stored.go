package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
)

// sandboxed is for pictures that browsers would run as documents, such as SVG.
const sandboxed = "default-src 'none'; sandbox"

// stored is an answer that is served more than once: its body and its headers.
type stored struct {
	body   []byte
	etag   string      // strong, with its quotes
	header http.Header // of both 200 and 304; shared, never written to
	entity http.Header // of 200 alone; shared, never written to
}

// newStored makes an answer that anyone may keep for maxAge seconds.
func newStored(body []byte, contentType string, maxAge int) stored {
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return stored{
		body: body, etag: etag,
		header: http.Header{"Cache-Control": {"public, max-age=" + strconv.Itoa(maxAge)}, "Etag": {etag}},
		entity: http.Header{"Content-Type": {contentType}, "Content-Length": {strconv.Itoa(len(body))}},
	}
}

// in says that the answer is in a language, and that others are in others.
func (s stored) in(lang string) stored {
	s.header["Vary"] = []string{"Accept-Language"}
	s.entity["Content-Language"] = []string{lang}
	return s
}

// page gives the answer the policy of pages.
func (s stored) page() stored {
	s.entity["Content-Security-Policy"] = []string{policy}
	return s
}

// picture lets other sites embed the answer; it runs nothing.
func (s stored) picture() stored {
	s.entity["Content-Security-Policy"] = []string{sandboxed}
	s.header["Cross-Origin-Resource-Policy"] = []string{"cross-origin"}
	return s
}

// serve answers with the body, or with 304 to whoever has it.
func (s stored) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, value := range s.header {
		h[name] = value
	}
	if has(r.Header["If-None-Match"], s.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	for name, value := range s.entity {
		h[name] = value
	}
	_, _ = w.Write(s.body) // a reader who has gone away is no concern of ours
}

// has compares weakly, as If-None-Match asks (RFC 9110 §13.1.2).
func has(ifNoneMatch []string, etag string) bool {
	for _, line := range ifNoneMatch {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}
