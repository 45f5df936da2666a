package sandbox

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// dnsTime bounds each read and write of the resolver.
const dnsTime = 5 * time.Second

// Resolver is a running DNS server, over UDP and TCP on one port, that knows
// its own zone and answers NXDOMAIN for every other name.
type Resolver struct {
	servers [2]*dns.Server
	address string
	served  sync.WaitGroup
	closing chan struct{}

	mu       sync.Mutex
	zone     map[string][]dns.RR // by canonical name
	servFail bool
	truncate bool
	delay    time.Duration
}

// StartResolver starts a resolver on a free port of 127.0.0.1. Its errors are
// those of listening.
func StartResolver() (*Resolver, error) {
	packets, listener, err := listenBoth()
	if err != nil {
		return nil, fmt.Errorf("listen for the resolver: %w", err)
	}
	r := &Resolver{
		address: packets.LocalAddr().String(), closing: make(chan struct{}), zone: map[string][]dns.RR{},
	}
	r.servers = [2]*dns.Server{{PacketConn: packets}, {Listener: listener}}
	started := make(chan struct{}, len(r.servers))
	for _, server := range r.servers {
		server.Handler = dns.HandlerFunc(r.answer)
		server.ReadTimeout, server.WriteTimeout = dnsTime, dnsTime
		server.NotifyStartedFunc = func() { started <- struct{}{} }
		r.served.Go(func() { server.ActivateAndServe() }) // returns at Close
	}
	for range r.servers { // Shutdown refuses a server that has not started
		<-started
	}
	return r, nil
}

// listenBoth finds a port that is free for UDP and TCP alike.
func listenBoth() (net.PacketConn, net.Listener, error) {
	var lastErr error
	for range 10 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener, nil
		}
		packets.Close()
		lastErr = err
	}
	return nil, nil, lastErr
}

// Addr is address and port, as COCARDE_RESOLVER takes them.
func (r *Resolver) Addr() string { return r.address }

// SetServFail switches whether every question gets SERVFAIL.
func (r *Resolver) SetServFail(on bool) { r.set(func() { r.servFail = on }) }

// SetTruncate switches whether answers over UDP come empty and marked as
// truncated, so that the client must ask again over TCP.
func (r *Resolver) SetTruncate(on bool) { r.set(func() { r.truncate = on }) }

// SetDelay makes every answer late.
func (r *Resolver) SetDelay(d time.Duration) { r.set(func() { r.delay = d }) }

func (r *Resolver) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func (r *Resolver) switches() (servFail, truncate bool, delay time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.servFail, r.truncate, r.delay
}

// answer handles one question; the server has refused messages without
// exactly one.
func (r *Resolver) answer(w dns.ResponseWriter, q *dns.Msg) {
	servFail, truncate, delay := r.switches()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.closing:
		}
	}
	reply := new(dns.Msg).SetReply(q)
	reply.RecursionAvailable = true
	if opt := q.IsEdns0(); opt != nil {
		reply.SetEdns0(dns.DefaultMsgSize, false)
	}
	_, overUDP := w.RemoteAddr().(*net.UDPAddr)
	switch {
	case servFail:
		reply.Rcode = dns.RcodeServerFailure
	case q.Question[0].Qclass != dns.ClassINET:
		reply.Rcode = dns.RcodeNotImplemented
	case truncate && overUDP:
		reply.Truncated = true
	default:
		r.fill(reply, q)
		if overUDP {
			reply.Truncate(udpSize(q))
		}
	}
	w.WriteMsg(reply)
}

func (r *Resolver) fill(reply, q *dns.Msg) {
	reply.Answer, reply.Rcode = r.lookup(q.Question[0].Name, q.Question[0].Qtype)
	if len(reply.Answer) == 0 { // how long the absence may be remembered (RFC 2308)
		reply.Ns = []dns.RR{&dns.SOA{
			Hdr: header(".", dns.TypeSOA), Ns: "ns.localhost.", Mbox: "hostmaster.localhost.",
			Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: zoneTTL,
		}}
	}
}

func udpSize(q *dns.Msg) int {
	if opt := q.IsEdns0(); opt != nil {
		return int(max(opt.UDPSize(), dns.MinMsgSize))
	}
	return dns.MinMsgSize
}

// Close answers what is asked already, for a second at most, and stops the server.
func (r *Resolver) Close() error {
	close(r.closing)
	ctx, cancel := context.WithTimeout(context.Background(), graceTime)
	defer cancel()
	var first error
	for _, server := range r.servers {
		if err := server.ShutdownContext(ctx); err != nil && first == nil {
			first = err
		}
	}
	r.served.Wait()
	return first
}
