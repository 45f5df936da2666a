package verify

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

const maxURL = 2048

// CheckURL parses an absolute URL that may be relied on: https, or http where the
// host is this machine's own (localhost, names under it, loopback addresses); no
// user, no fragment.
func CheckURL(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, errors.New("URL is too long")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	if u.Host == "" || u.Hostname() == "" || u.Opaque != "" || u.User != nil || strings.Contains(raw, "#") {
		return nil, errors.New("not a plain absolute URL with a host")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return nil, errors.New("not an https URL")
	}
	return u, nil
}

func isLoopback(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// CheckListURI says whether uri can name a status list of the issuer: iss +
// "/status/" and one segment of letters, digits, "-" and "_".
func CheckListURI(iss, uri string) error {
	rest, ok := strings.CutPrefix(uri, iss)
	if ok {
		rest, ok = strings.CutPrefix(rest, "/status/")
	}
	if !ok || rest == "" || len(rest) > 64 || !isBase64URL(rest) {
		return fmt.Errorf("the status list is not one of the issuer's, under %s/status/", iss)
	}
	return nil
}
