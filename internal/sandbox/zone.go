package sandbox

import (
	"net"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// zoneTTL is short, so that a change is seen at the next look.
const zoneTTL = 1 // seconds

// maxAliases bounds how many CNAMEs are followed.
const maxAliases = 8

// AddMX gives a domain a mail exchanger, and the exchanger an address.
func (r *Resolver) AddMX(domain, host string) {
	r.add(&dns.MX{Hdr: header(domain, dns.TypeMX), Preference: 10, Mx: dns.CanonicalName(host)})
	r.AddA(host, netip.MustParseAddr("127.0.0.1"))
}

// AddNullMX says that a domain takes no mail (RFC 7505).
func (r *Resolver) AddNullMX(domain string) {
	r.add(&dns.MX{Hdr: header(domain, dns.TypeMX), Preference: 0, Mx: "."})
}

// AddCNAME makes a name an alias of another.
func (r *Resolver) AddCNAME(name, target string) {
	r.add(&dns.CNAME{Hdr: header(name, dns.TypeCNAME), Target: dns.CanonicalName(target)})
}

// AddA gives a name an IPv4 address.
func (r *Resolver) AddA(name string, address netip.Addr) {
	r.add(&dns.A{Hdr: header(name, dns.TypeA), A: net.IP(address.AsSlice())})
}

// Remove takes away all that the zone says of a name.
func (r *Resolver) Remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.zone, dns.CanonicalName(name))
}

func header(name string, rrtype uint16) dns.RR_Header {
	return dns.RR_Header{Name: dns.CanonicalName(name), Rrtype: rrtype, Class: dns.ClassINET, Ttl: zoneTTL}
}

// add puts a record into the zone, once.
func (r *Resolver) add(record dns.RR) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := record.Header().Name
	for _, known := range r.zone[name] {
		if dns.IsDuplicate(known, record) {
			return
		}
	}
	r.zone[name] = append(r.zone[name], record)
}

// lookup answers a question as a resolver does: aliases are followed, and a
// name that does not exist (NXDOMAIN) is told from one without such records.
func (r *Resolver) lookup(name string, rrtype uint16) (answer []dns.RR, rcode int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name = dns.CanonicalName(name)
	for range maxAliases {
		records, exists := r.zone[name]
		if !exists && !r.isAbove(name) {
			return answer, dns.RcodeNameError
		}
		alias := ""
		for _, record := range records {
			if record.Header().Rrtype == rrtype {
				answer = append(answer, dns.Copy(record))
			} else if cname, ok := record.(*dns.CNAME); ok {
				answer = append(answer, dns.Copy(cname))
				alias = cname.Target
			}
		}
		if alias == "" {
			return answer, dns.RcodeSuccess
		}
		name = alias
	}
	return nil, dns.RcodeServerFailure
}

// isAbove tells whether a name has others below it: it exists then, empty (RFC 8020).
func (r *Resolver) isAbove(name string) bool {
	for known := range r.zone {
		if strings.HasSuffix(known, "."+name) {
			return true
		}
	}
	return false
}
