package mail

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/sandbox"
)

func host(t *testing.T, s string) acct.Host {
	t.Helper()
	h, err := acct.ParseHost(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func resolver(t *testing.T) *sandbox.Resolver {
	t.Helper()
	r, err := sandbox.StartResolver()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	r.AddMX("culture.example", "mx.culture.example")
	r.AddNullMX("null.example")
	r.AddA("bare.example", netip.MustParseAddr("192.0.2.1"))
	r.AddCNAME("alias.example", "culture.example")
	r.AddCNAME("dangling.example", "gone.example")
	return r
}

func TestCheckMX(t *testing.T) {
	t.Parallel()
	r := resolver(t)
	for domain, want := range map[string]error{
		"culture.example":    nil,
		"null.example":       ErrNoMX,
		"bare.example":       ErrNoMX,
		"alias.example":      ErrNoMX,
		"dangling.example":   ErrNoMX,
		"nowhere.example":    ErrUnknownDomain,
		"mx.culture.example": ErrNoMX,
	} {
		t.Run(domain, func(t *testing.T) {
			t.Parallel()
			if err := NewMailboxes(r.Addr()).CheckMX(t.Context(), host(t, domain)); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
}

func TestCheckMXOverTCP(t *testing.T) {
	t.Parallel()
	r := resolver(t)
	r.SetTruncate(true)
	m := NewMailboxes(r.Addr())
	if err := m.CheckMX(t.Context(), host(t, "culture.example")); err != nil {
		t.Error(err)
	}
	if err := m.CheckMX(t.Context(), host(t, "nowhere.example")); !errors.Is(err, ErrUnknownDomain) {
		t.Error(err)
	}
}

func TestCheckMXWhenTheDNSFails(t *testing.T) {
	t.Parallel()
	failing := resolver(t)
	failing.SetServFail(true)
	slow := resolver(t)
	slow.SetDelay(time.Minute)
	for name, server := range map[string]string{
		"servfail": failing.Addr(),
		"slow":     slow.Addr(),
		"nobody":   "127.0.0.1:1",
		"no name":  "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			m := NewMailboxes(server)
			if server == "" {
				cancel() // whatever this machine's resolvers say
			}
			err := m.CheckMX(ctx, host(t, "culture.example"))
			f, ok := fault.Of(err)
			if !ok || f.Code != ErrDNS.Code || f.Kind != fault.Unavailable || f.RetryAfter == 0 {
				t.Errorf("got %v", err)
			}
		})
	}
}

// liar answers each question through a function, over UDP.
func liar(t *testing.T, answer func(*dns.Msg) *dns.Msg) string {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	s := &dns.Server{
		PacketConn:        packets,
		NotifyStartedFunc: func() { close(started) },
		Handler:           dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) { w.WriteMsg(answer(q)) }),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ActivateAndServe()
	}()
	<-started
	t.Cleanup(func() {
		s.Shutdown()
		<-done
	})
	return packets.LocalAddr().String()
}

func mx(name, target string) dns.RR {
	return &dns.MX{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeMX, Class: dns.ClassINET, Ttl: 1}, Mx: target}
}

func TestCheckMXOfALiar(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(*dns.Msg) *dns.Msg
		want   error
	}{
		"another name": {func(q *dns.Msg) *dns.Msg {
			a := new(dns.Msg).SetReply(q)
			a.Question[0].Name = "evil.example."
			a.Answer = []dns.RR{mx("culture.example.", "mx.evil.example.")}
			return a
		}, ErrDNS},
		"another type": {func(q *dns.Msg) *dns.Msg {
			a := new(dns.Msg).SetReply(q)
			a.Question[0].Qtype = dns.TypeA
			a.Answer = []dns.RR{mx("culture.example.", "mx.evil.example.")}
			return a
		}, ErrDNS},
		"another id": {func(q *dns.Msg) *dns.Msg {
			a := new(dns.Msg).SetReply(q)
			a.Id++
			return a
		}, ErrDNS},
		"a question back": {func(q *dns.Msg) *dns.Msg { return q }, ErrDNS},
		"record of another name": {func(q *dns.Msg) *dns.Msg {
			a := new(dns.Msg).SetReply(q)
			a.Answer = []dns.RR{mx("evil.example.", "mx.evil.example.")}
			return a
		}, ErrNoMX},
		"null beside another": {func(q *dns.Msg) *dns.Msg {
			a := new(dns.Msg).SetReply(q)
			a.Answer = []dns.RR{mx("culture.example.", "mx.culture.example."), mx("culture.example.", ".")}
			return a
		}, ErrNoMX},
		"another case": {func(q *dns.Msg) *dns.Msg {
			a := new(dns.Msg).SetReply(q)
			a.Question[0].Name = "Culture.Example."
			a.Answer = []dns.RR{mx("Culture.Example.", "mx.culture.example.")}
			return a
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := NewMailboxes(liar(t, c.answer)).CheckMX(ctx, host(t, "culture.example"))
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// A server that fails once is asked again.
func TestCheckMXAsksAgain(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	server := liar(t, func(q *dns.Msg) *dns.Msg {
		a := new(dns.Msg).SetReply(q)
		select {
		case asked <- struct{}{}:
			a.Rcode = dns.RcodeServerFailure
		default:
			a.Answer = []dns.RR{mx("culture.example.", "mx.culture.example.")}
		}
		return a
	})
	if err := NewMailboxes(server).CheckMX(t.Context(), host(t, "culture.example")); err != nil {
		t.Error(err)
	}
}
