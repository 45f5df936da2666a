package sandbox

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func newTestResolver(t *testing.T) *Resolver {
	t.Helper()
	r, err := StartResolver()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func ask(t *testing.T, r *Resolver, network, name string, rrtype uint16) *dns.Msg {
	t.Helper()
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), rrtype)
	reply, _, err := (&dns.Client{Net: network}).ExchangeContext(contextFor(t), q, r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestResolver(t *testing.T) {
	t.Parallel()
	r := newTestResolver(t)
	r.AddMX("culture.gouv.fr", "mx.culture.gouv.fr")
	r.AddMX("culture.gouv.fr", "mx.culture.gouv.fr")
	r.AddNullMX("null.gouv.fr")
	r.AddCNAME("alias.gouv.fr", "culture.gouv.fr")
	r.AddCNAME("loop.gouv.fr", "loop.gouv.fr")
	r.AddCNAME("dangling.gouv.fr", "nowhere.gouv.fr")
	r.AddA("bare.gouv.fr", netip.MustParseAddr("192.0.2.1"))
	for _, c := range []struct {
		name    string
		rrtype  uint16
		rcode   int
		answers int
	}{
		{"culture.gouv.fr", dns.TypeMX, dns.RcodeSuccess, 1},
		{"CULTURE.gouv.FR", dns.TypeMX, dns.RcodeSuccess, 1},
		{"mx.culture.gouv.fr", dns.TypeA, dns.RcodeSuccess, 1},
		{"null.gouv.fr", dns.TypeMX, dns.RcodeSuccess, 1},
		{"alias.gouv.fr", dns.TypeMX, dns.RcodeSuccess, 2},
		{"alias.gouv.fr", dns.TypeCNAME, dns.RcodeSuccess, 1},
		{"bare.gouv.fr", dns.TypeMX, dns.RcodeSuccess, 0},
		{"gouv.fr", dns.TypeMX, dns.RcodeSuccess, 0}, // exists, empty
		{"nowhere.gouv.fr", dns.TypeMX, dns.RcodeNameError, 0},
		{"dangling.gouv.fr", dns.TypeMX, dns.RcodeNameError, 1},
		{"loop.gouv.fr", dns.TypeMX, dns.RcodeServerFailure, 0},
	} {
		for _, network := range []string{"udp", "tcp"} {
			reply := ask(t, r, network, c.name, c.rrtype)
			if reply.Rcode != c.rcode || len(reply.Answer) != c.answers || !reply.RecursionAvailable || reply.Truncated {
				t.Errorf("%s %s: %v", network, c.name, reply)
			}
		}
	}
	r.Remove("culture.gouv.fr")
	if reply := ask(t, r, "udp", "culture.gouv.fr", dns.TypeMX); len(reply.Answer) != 0 {
		t.Errorf("removed: %v", reply)
	}
}

func TestResolverSwitches(t *testing.T) {
	t.Parallel()
	r := newTestResolver(t)
	r.AddMX("insee.fr", "mx.insee.fr")
	r.SetTruncate(true)
	if reply := ask(t, r, "udp", "insee.fr", dns.TypeMX); !reply.Truncated || len(reply.Answer) != 0 {
		t.Errorf("truncated: %v", reply)
	}
	if reply := ask(t, r, "tcp", "insee.fr", dns.TypeMX); reply.Truncated || len(reply.Answer) != 1 {
		t.Errorf("over TCP: %v", reply)
	}
	r.SetTruncate(false)
	r.SetServFail(true)
	if reply := ask(t, r, "udp", "insee.fr", dns.TypeMX); reply.Rcode != dns.RcodeServerFailure {
		t.Errorf("failing: %v", reply)
	}
	r.SetServFail(false)
	r.SetDelay(30 * time.Millisecond)
	begun := time.Now()
	ask(t, r, "udp", "insee.fr", dns.TypeMX)
	if late := time.Since(begun); late < 30*time.Millisecond {
		t.Errorf("answered after %v", late)
	}
}

func TestResolverTruncatesWhatIsTooLong(t *testing.T) {
	t.Parallel()
	r := newTestResolver(t)
	for n := range 40 {
		r.AddMX("many.gouv.fr", fmt.Sprintf("mx%d.elsewhere.example", n))
	}
	if reply := ask(t, r, "udp", "many.gouv.fr", dns.TypeMX); !reply.Truncated || len(reply.Answer) == 40 {
		t.Errorf("over UDP: %d answers", len(reply.Answer))
	}
	if reply := ask(t, r, "tcp", "many.gouv.fr", dns.TypeMX); reply.Truncated || len(reply.Answer) != 40 {
		t.Errorf("over TCP: %d answers", len(reply.Answer))
	}
}

func TestResolverClosesWhileAnAnswerWaits(t *testing.T) {
	t.Parallel()
	r, err := StartResolver()
	if err != nil {
		t.Fatal(err)
	}
	r.SetDelay(time.Hour)
	conn, err := dns.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.WriteMsg(new(dns.Msg).SetQuestion("insee.fr.", dns.TypeMX)); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
