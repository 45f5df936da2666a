package front

import "net/http"

var noStore = []string{"no-store"}

// securityHeaders gives the headers of every answer. A handler may replace
// them: pages have a Content-Security-Policy of their own, and what others
// embed has another Cross-Origin-Resource-Policy.
func securityHeaders(https bool) http.Header {
	h := http.Header{
		"Content-Security-Policy":      {"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"no-referrer"}, // callback URLs carry codes
		"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
	}
	if https {
		h["Strict-Transport-Security"] = []string{"max-age=31536000"}
	}
	return h
}
