package sandbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Bounds of the mailbox's SMTP server.
const (
	maxMessage    = 256 << 10
	maxRecipients = 10
	smtpTime      = 10 * time.Second
)

// MailboxOptions say how a mailbox is set up. The zero value takes mail from
// anybody, in the clear, on a free port.
type MailboxOptions struct {
	// Listener accepts the connections (default: 127.0.0.1, a free port). It
	// is closed by Close.
	Listener net.Listener
	// TLS offers STARTTLS; mail without it is then refused.
	TLS *tls.Config
	// ImplicitTLS speaks TLS from the first byte (smtps) instead of STARTTLS.
	ImplicitTLS bool
	// Username and Password, if given, are required by AUTH PLAIN.
	Username, Password string
	// MaxBytes is the size limit of a message (default: 256 KiB).
	MaxBytes int64
	// Now is the clock (default: time.Now).
	Now func() time.Time
}

// Mailbox is a running SMTP server that keeps what it takes. It accepts mail
// for every recipient.
type Mailbox struct {
	options  MailboxOptions
	listener *tracker
	server   *smtp.Server
	served   chan struct{}

	mu       sync.Mutex
	messages []Message
	arrived  chan struct{}   // closed and replaced at each arrival
	refusal  int             // SMTP code for everybody, 0: none
	refused  map[string]bool // recipients, lower case
}

// StartMailbox starts a mailbox. Its errors are those of listening and of
// options that make no sense.
func StartMailbox(o MailboxOptions) (*Mailbox, error) {
	if o.ImplicitTLS && o.TLS == nil {
		return nil, errors.New("implicit TLS needs a TLS configuration")
	}
	if o.Listener == nil {
		var err error
		if o.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("listen for the mailbox: %w", err)
		}
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = maxMessage
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &Mailbox{
		options: o, listener: newTracker(o.Listener), served: make(chan struct{}),
		arrived: make(chan struct{}), refused: map[string]bool{},
	}
	m.server = m.newServer()
	go func() {
		defer close(m.served)
		m.server.Serve(m.socket()) // returns at Close
	}()
	return m, nil
}

func (m *Mailbox) newServer() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{mailbox: m, conn: c}, nil
	}))
	s.Domain = "mail.localhost"
	s.MaxMessageBytes = m.options.MaxBytes
	s.MaxRecipients = maxRecipients
	s.ReadTimeout = smtpTime
	s.WriteTimeout = smtpTime
	s.AllowInsecureAuth = m.options.TLS == nil
	s.ErrorLog = log.New(io.Discard, "", 0)
	if !m.options.ImplicitTLS {
		s.TLSConfig = m.options.TLS
	}
	return s
}

func (m *Mailbox) socket() net.Listener {
	if m.options.ImplicitTLS {
		return tls.NewListener(m.listener, m.options.TLS)
	}
	return m.listener
}

// Addr is host and port of the SMTP server.
func (m *Mailbox) Addr() string { return m.listener.Addr().String() }

// Refuse answers every sender with an SMTP code (421 and 451 ask to try again,
// 550 does not) until it is called again with 0.
func (m *Mailbox) Refuse(code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusal = code
}

// RefuseRecipient answers 550 to mail for one address from now on.
func (m *Mailbox) RefuseRecipient(address string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused[strings.ToLower(address)] = true
}

// Messages gives what has arrived for an address, whatever its case, in order;
// for "" all there is.
func (m *Mailbox) Messages(to string) []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.messagesFor(to)
}

func (m *Mailbox) messagesFor(to string) []Message {
	var found []Message
	for _, message := range m.messages {
		isTo := func(recipient string) bool { return strings.EqualFold(recipient, to) }
		if to == "" || slices.ContainsFunc(message.To, isTo) {
			found = append(found, message)
		}
	}
	return found
}

// Wait gives the n-th message for an address, counted from 1, once it is
// there. Its error is the context's.
func (m *Mailbox) Wait(ctx context.Context, to string, n int) (Message, error) {
	for {
		m.mu.Lock()
		found, arrived := m.messagesFor(to), m.arrived
		m.mu.Unlock()
		if len(found) >= n {
			return found[n-1], nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("wait for message %d: %w", n, ctx.Err())
		}
	}
}

func (m *Mailbox) keep(message Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.messages = append(m.messages, message)
	close(m.arrived)
	m.arrived = make(chan struct{})
}

// Close lets running transactions end, for a second at most, and stops the server.
func (m *Mailbox) Close() error {
	// go-smtp knows the listener only once Serve runs: so it is closed here first.
	err := m.listener.Close()
	<-m.served
	late := time.AfterFunc(graceTime, m.listener.hangUp)
	defer late.Stop()
	m.server.Shutdown(context.Background()) // waits; its error is of closing twice
	return err
}
