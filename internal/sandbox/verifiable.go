package sandbox

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// linkForm takes an address apart as RFC 3986 appendix B does: scheme,
// authority, path. Anything else than one address has no such form.
var linkForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(https?)://([^/?#]*)([^?#]*)(?:\?[^#]*)?(?:#.*)?$`)
})

// hostForm is a name in A-labels, lower case, or an address in brackets, and
// perhaps a port. A user before it does not fit.
var hostForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$`)
})

// verifiable tells whether Mastodon would look at a field's link: the value is
// nothing but an https address of 255 characters at most, without user or
// password, its host in A-labels, its path empty or normalised. In the sandbox
// http will do for names and addresses of this machine.
func verifiable(value string) bool {
	parts := linkForm().FindStringSubmatch(value)
	if parts == nil || utf8.RuneCountInString(value) > maxFieldChars || !printable(value) {
		return false
	}
	scheme, authority, path := parts[1], parts[2], parts[3]
	host := hostForm().FindStringSubmatch(authority)
	if host == nil || (scheme == "http" && !isLoopback(host[1])) {
		return false
	}
	return path == "" || path == normalPath(path)
}

// printable tells that there are no spaces and no control characters.
func printable(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// isLoopback tells whether a host is this machine, by its name or address.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

// normalPath is a path as Mastodon normalises it (RFC 3986 section 6.2.2):
// only what must be escaped is, in capitals, in Unicode's form C. One with dot
// segments has no such form here and gives "".
func normalPath(path string) string {
	segments := strings.Split(path, "/")
	for n, segment := range segments {
		text, err := url.PathUnescape(segment)
		if err != nil || slices.Contains([]string{".", ".."}, text) {
			return ""
		}
		segments[n] = escapeSegment(norm.NFC.String(text))
	}
	return strings.Join(segments, "/")
}

// escapeSegment escapes all but RFC 3986's pchar.
func escapeSegment(text string) string {
	const pchar, digits = "-._~!$&'()*+,;=:@", "0123456789ABCDEF"
	var out strings.Builder
	for _, b := range []byte(text) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', strings.IndexByte(pchar, b) >= 0:
			out.WriteByte(b)
		default:
			out.Write([]byte{'%', digits[b>>4], digits[b&15]})
		}
	}
	return out.String()
}
