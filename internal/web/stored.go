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

// stored is a body that is served more than once.
type stored struct {
	body        []byte
	contentType string
	etag        string // strong, with its quotes
	maxAge      int    // for anyone, in seconds
	lang        string // of a page; empty for what every reader gets alike
	policy      string // Content-Security-Policy, where the usual one is too wide
}

func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// serveBytes answers with the body, or with 304 to whoever has it.
func serveBytes(w http.ResponseWriter, r *http.Request, s stored) {
	h := w.Header()
	h["Cache-Control"] = []string{"public, max-age=" + strconv.Itoa(s.maxAge)}
	h["Etag"] = []string{s.etag}
	if s.lang != "" {
		h["Vary"] = append(h["Vary"], "Accept-Language")
	}
	if has(r.Header["If-None-Match"], s.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = []string{s.contentType}
	if s.lang != "" {
		h["Content-Language"] = []string{s.lang}
	}
	if s.policy != "" {
		h["Content-Security-Policy"] = []string{s.policy}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(s.body))}
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
