package sandbox

import (
	"strings"
	"testing"
)

func TestVerifiable(t *testing.T) {
	t.Parallel()
	long := "https://a.test/" + strings.Repeat("x", maxFieldChars-len("https://a.test/"))
	for value, want := range map[string]bool{
		"https://cocarde.example":              true,
		"https://cocarde.example/":             true,
		"https://cocarde.example/b/0123abc":    true,
		"https://cocarde.example:8443/b/1":     true,
		"https://a.test/?q=1#x":                true,
		"https://a.test?q=1":                   true,
		"https://a.test/caf%C3%A9/~x!$&'()*,;": true,
		"https://a.test/a%2Fb//c":              true,
		"https://xn--caf-dma.test/":            true,
		"https://[::1]/":                       true,
		"http://localhost/":                    true,
		"http://127.0.0.1:8080/b/1":            true,
		"http://127.9.9.9/":                    true,
		"http://[::1]:80/":                     true,
		"http://issuer.localhost:1/b/1":        true,
		long:                                   true,
		long + "x":                             false,

		"":                              false,
		"cocarde.example":               false,
		"//cocarde.example/":            false,
		"see https://cocarde.example/":  false,
		"https://cocarde.example/ see":  false,
		"https://a.test/?a b":           false,
		"https://a.test/\nhttps://b/":   false,
		"http://cocarde.example/":       false,
		"http://localhost.example/":     false,
		"http://notlocalhost/":          false,
		"http://10.0.0.1/":              false,
		"http://[2001:db8::1]/":         false,
		"ftp://localhost/":              false,
		"HTTPS://cocarde.example/":      false,
		"javascript://localhost/":       false,
		"https://user@cocarde.example/": false,
		"https://u:p@cocarde.example/":  false,
		"https://@cocarde.example/":     false,
		"https://café.test/":            false,
		"https://Cocarde.example/":      false,
		"https://cocarde.example./":     false,
		"https://a..test/":              false,
		"https://a%2etest/":             false,
		"https:///b/1":                  false,
		"https://":                      false,
		"https://a.test:port/":          false,
		"https://a.test/a/../b":         false,
		"https://a.test/./b":            false,
		"https://a.test/%2E%2E/b":       false,
		"https://a.test/caf%c3%a9":      false,
		"https://a.test/café":           false,
		"https://a.test/cafe%CC%81":     false,
		"https://a.test/%7Ex":           false,
		"https://a.test/%zz":            false,
		"https://a.test/a\"b":           false,
	} {
		if verifiable(value) != want {
			t.Errorf("%q: not %t", value, want)
		}
	}
}

func FuzzVerifiable(f *testing.F) {
	f.Add("https://cocarde.example/b/1")
	f.Add("http://[::1]:1/%C3%A9?a#b")
	f.Fuzz(func(t *testing.T, value string) {
		if verifiable(value) && (!isLink(value) && !strings.ContainsAny(value, "?#[%") || strings.Contains(value, " ")) {
			t.Errorf("%q is to be looked at and is no link", value)
		}
	})
}
