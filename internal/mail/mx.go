package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"

	"cocarde.example/internal/acct"
)

const (
	lookupTimeout = 5 * time.Second // a whole look-up
	askTimeout    = 2 * time.Second // one question to one server
	minAttempts   = 2
	udpSize       = 1232 // what passes unfragmented everywhere
	resolvConf    = "/etc/resolv.conf"
)

// Mailboxes implements attest.Mailboxes by asking a recursive resolver.
type Mailboxes struct {
	server string
}

// NewMailboxes makes a Mailboxes that asks a resolver (host:port), or, if it is
// empty, those of /etc/resolv.conf.
func NewMailboxes(server string) *Mailboxes { return &Mailboxes{server: server} }

// CheckMX is nil if the domain has an MX record of its own: not through an alias,
// not the null MX of RFC 7505, and not the bare address that RFC 5321 §5.1 would
// fall back to. A web host that was taken over has none.
//
// Errors are ErrNoMX, ErrUnknownDomain and ErrDNS.
func (m *Mailboxes) CheckMX(ctx context.Context, domain acct.Host) error {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(domain.String()), dns.TypeMX)
	q.SetEdns0(udpSize, false)
	answer, err := m.ask(ctx, q)
	if err != nil {
		return ErrDNS.Because(err)
	}
	return judge(q.Question[0].Name, answer)
}

// servers gives whom to ask, at least minAttempts times.
func (m *Mailboxes) servers() ([]string, error) {
	servers := []string{m.server}
	if m.server == "" {
		conf, err := dns.ClientConfigFromFile(resolvConf)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", resolvConf, err)
		}
		servers = servers[:0]
		for _, s := range conf.Servers {
			servers = append(servers, net.JoinHostPort(s, conf.Port))
		}
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("%s names no server", resolvConf)
	}
	for len(servers) < minAttempts {
		servers = append(servers, servers...)
	}
	return servers, nil
}

// ask asks one server after the other until one knows.
func (m *Mailboxes) ask(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	servers, err := m.servers()
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, s := range servers {
		answer, err := askOne(ctx, s, q)
		if err == nil {
			return answer, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// askOne asks over UDP, and over TCP if the answer was cut short. An answer to
// another question, or without a verdict, is an error.
func askOne(ctx context.Context, server string, q *dns.Msg) (*dns.Msg, error) {
	answer, err := exchange(ctx, "udp", server, q)
	if err == nil && answer.Truncated {
		answer, err = exchange(ctx, "tcp", server, q)
	}
	if err != nil {
		return nil, err
	}
	if answer.Truncated || answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError {
		return nil, fmt.Errorf("the DNS answers %s", dns.RcodeToString[answer.Rcode])
	}
	return answer, nil
}

func exchange(ctx context.Context, network, server string, q *dns.Msg) (*dns.Msg, error) {
	c := dns.Client{Net: network, Timeout: askTimeout, UDPSize: udpSize}
	answer, _, err := c.ExchangeContext(ctx, q, server)
	if err != nil {
		return nil, err
	}
	want := q.Question[0]
	if !answer.Response || answer.Id != q.Id || len(answer.Question) != 1 ||
		!strings.EqualFold(answer.Question[0].Name, want.Name) ||
		answer.Question[0].Qtype != want.Qtype || answer.Question[0].Qclass != want.Qclass {
		return nil, errors.New("the DNS answers another question")
	}
	return answer, nil
}

// judge reads an answer for a name.
func judge(name string, answer *dns.Msg) error {
	own := false
	for _, rr := range answer.Answer {
		if !strings.EqualFold(rr.Header().Name, name) {
			continue // what an alias leads to
		}
		switch rr := rr.(type) {
		case *dns.CNAME:
			return ErrNoMX.Because(errors.New("the domain is an alias"))
		case *dns.MX:
			if rr.Mx == "." {
				return ErrNoMX.Because(errors.New("the domain has a null MX"))
			}
			own = true
		}
	}
	switch {
	case own:
		return nil
	case answer.Rcode == dns.RcodeNameError:
		return ErrUnknownDomain
	}
	return ErrNoMX
}
