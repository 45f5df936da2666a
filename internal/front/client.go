package front

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// unknownClient is who has no address: all of them count as one.
const unknownClient = "unknown"

// ClientKey gives what the client counts as in limits: its IPv4 address, or
// the /64 of its IPv6 one. It is for keyed hashes, never for a log.
//
// X-Forwarded-For counts only when a trusted proxy sends it, and then its
// right-most address that is no trusted proxy's: whatever stands further left
// was written by strangers.
func ClientKey(r *http.Request) string {
	var trusted []netip.Prefix
	if x := exchangeOf(r.Context()); x != nil {
		trusted = x.front.TrustedProxies
	}
	addr, ok := clientAddr(r, trusted)
	if !ok {
		return unknownClient
	}
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}

func clientAddr(r *http.Request, trusted []netip.Prefix) (netip.Addr, bool) {
	addr, ok := parseAddr(r.RemoteAddr)
	if !ok || !contains(trusted, addr) {
		return addr, ok
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, ok := parseAddr(strings.TrimSpace(hop))
		if !ok {
			break // the last proxy that we can name stands for its client
		}
		addr = next
		if !contains(trusted, addr) {
			break
		}
	}
	return addr, true
}

// parseAddr reads an address with or without a port.
func parseAddr(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = ap.Addr()
	}
	return addr.Unmap().WithZone(""), true
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}
