package safehttp

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// checkURL refuses what need not be dialled to be refused.
func (p Policy) checkURL(u *url.URL) error {
	host := u.Hostname()
	local := isLoopback(host)
	switch {
	case u.Scheme != "https" && !(u.Scheme == "http" && local && p.AllowLoopback):
		return ErrAddressRefused.Because(errors.New("safehttp: the scheme is not https"))
	case u.User != nil:
		return ErrAddressRefused.Because(errors.New("safehttp: the URL names a user"))
	case local && !p.AllowLoopback && !p.named(u):
		return ErrAddressRefused.Because(errors.New("safehttp: the host is this machine"))
	case disguised(host):
		return ErrAddressRefused.Because(errors.New("safehttp: the host is a disguised address"))
	}
	return nil
}

// named tells whether the host map or the allowed prefixes speak of u's host.
func (p Policy) named(u *url.URL) bool {
	if _, ok := p.HostMap[hostPort(u)]; ok {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return false
	}
	for _, prefix := range p.AllowedPrefixes {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// disguised tells whether host is an address in another form than its own: an
// IPv4 one in IPv6's clothes, or a "name" that ends in a number (2130706433,
// 0x7f.1, 127.1), which some resolvers take for an IPv4 address.
func disguised(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Is4In6() || ip.Zone() != ""
	}
	last := strings.TrimSuffix(host, ".")
	last = strings.ToLower(last[strings.LastIndexByte(last, '.')+1:])
	hex, isHex := strings.CutPrefix(last, "0x")
	if isHex {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// hostPort gives host and port, the scheme's own if the URL names none.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + port
}

// checkRedirect bounds the number; where a redirect leads is checked as every
// request is.
func checkRedirect(_ *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return ErrRedirectRefused.Because(errors.New("safehttp: too many redirects"))
	}
	return nil
}

// SameHostRedirects gives a client that shares c's connections and limits, and
// refuses a redirect to another scheme, host or port than the first request's.
func SameHostRedirects(c *http.Client) *http.Client {
	return withRedirects(c, func(req *http.Request, via []*http.Request) error {
		first := via[0].URL
		if req.URL.Scheme != first.Scheme || hostPort(req.URL) != hostPort(first) {
			return ErrRedirectRefused.Because(errors.New("safehttp: a redirect leaves the host"))
		}
		return checkRedirect(req, via)
	})
}

// NoRedirects gives a client that shares c's connections and limits, and
// refuses every redirect: a 307 would carry a request's body along.
func NoRedirects(c *http.Client) *http.Client {
	return withRedirects(c, func(*http.Request, []*http.Request) error {
		return ErrRedirectRefused.Because(errors.New("safehttp: a redirect where none is followed"))
	})
}

func withRedirects(c *http.Client, check func(*http.Request, []*http.Request) error) *http.Client {
	d := *c
	d.CheckRedirect = check
	return &d
}
