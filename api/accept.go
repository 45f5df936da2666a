package api

import (
	"net/http"
	"strconv"
	"strings"
)

const (
	problemType = "application/problem+json"
	htmlType    = "text/html"
	tokenType   = "application/dc+sd-jwt"
)

// prefers says which of two media types to answer with (RFC 9110 §12.5.1): other
// only if Accept names it, no wildcard, and at least as high as the usual one.
func prefers(r *http.Request, usual, other string) string {
	named, most := 0.0, 0.0
	for _, line := range r.Header["Accept"] {
		for item := range strings.SplitSeq(line, ",") {
			media, params, _ := strings.Cut(item, ";")
			switch media = strings.ToLower(strings.TrimSpace(media)); media {
			case other:
				named = max(named, quality(params))
			case usual, "application/json":
				most = max(most, quality(params))
			}
		}
	}
	if named > 0 && named >= most {
		return other
	}
	return usual
}

// quality reads the q parameter; what is not a number counts as 0.
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "q") {
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || q != q {
				return 0
			}
			return q
		}
	}
	return 1
}
