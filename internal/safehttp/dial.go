package safehttp

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// dialer connects to what the policy allows. The checks run on the address
// that is being connected to, after all name resolution.
type dialer struct {
	policy   Policy
	mapped   net.Dialer // to the targets of the host map
	public   net.Dialer // to the internet
	loopback net.Dialer // to this machine
}

func newDialer(p Policy) *dialer {
	guard := ssrf.New(ssrf.WithPorts(443))
	local := ssrf.New(ssrf.WithAnyPort(),
		ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
		ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")))
	allowed := func(network, address string, c syscall.RawConn) error {
		if ap, err := netip.ParseAddrPort(address); err == nil {
			for _, prefix := range p.AllowedPrefixes {
				if prefix.Contains(ap.Addr()) {
					return nil
				}
			}
		}
		return guard.Safe(network, address, c)
	}
	base := net.Dialer{Timeout: connectTimeout, Resolver: p.Resolver}
	d := &dialer{policy: p, mapped: base, public: base, loopback: base}
	d.public.Control = allowed
	d.loopback.Control = local.Safe
	return d
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if target, ok := d.policy.HostMap[strings.ToLower(address)]; ok {
		return d.mapped.DialContext(ctx, network, target)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if d.policy.AllowLoopback && isLoopback(host) {
		if isLocalName(host) {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return d.loopback.DialContext(ctx, network, address)
	}
	return d.public.DialContext(ctx, network, address)
}

// isLoopback tells whether host is a loopback address or stands for one
// (RFC 6761 section 6.3), without asking anybody.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || isLocalName(host)
}

func isLocalName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
