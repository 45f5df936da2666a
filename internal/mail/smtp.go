package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"cocarde.example/attest"
)

// Config says which mail server takes the mails, and in whose name.
type Config struct {
	// URL is smtp://[user@]host[:port] (STARTTLS, port 587) or
	// smtps://[user@]host[:port] (TLS, port 465). STARTTLS is a must, but on
	// loopback, where it is used if it is offered.
	URL string
	// Password is that of the URL's user.
	Password string
	// From is the sender's address, and Name the name that goes with it.
	From, Name string
	// Contact is where readers can ask, as they read it: a mail address or an address
	// of the web without its scheme, for a code mail has but one link. Empty without one.
	Contact string
	// Issuer is the origin in whose name Message-IDs are made.
	Issuer string
	// RootCAs replaces the system's; for tests.
	RootCAs *x509.CertPool
	// Timeout bounds connecting, and then sending. Default: 15 s each.
	Timeout time.Duration
	Now     func() time.Time
}

const defaultTimeout = 15 * time.Second

// Sender hands mails to a mail server. It is safe for concurrent use.
type Sender struct {
	config   Config
	user     string
	host     string
	port     int
	implicit bool // TLS from the first byte
	loopback bool
	idHost   string // of the issuer: right part of a Message-ID
}

// NewSender checks the configuration; it connects to nothing. Its errors name
// the setting, and never the password.
func NewSender(c Config) (*Sender, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("COCARDE_SMTP_URL is not smtp://[user@]host[:port] or smtps://[user@]host[:port]")
	}
	if _, has := u.User.Password(); has {
		return nil, errors.New("COCARDE_SMTP_URL holds a password: put it in a file, and name that in COCARDE_SMTP_PASSWORD_FILE")
	}
	s := &Sender{config: c, user: u.User.Username(), host: u.Hostname(), loopback: isLoopback(u.Hostname())}
	switch u.Scheme {
	case "smtp":
		s.port = 587
	case "smtps":
		s.port, s.implicit = 465, true
	default:
		return nil, errors.New("COCARDE_SMTP_URL is neither smtp:// nor smtps://")
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			return nil, errors.New("the port in COCARDE_SMTP_URL is not a number from 1 to 65535")
		}
	}
	if (s.user == "") != (c.Password == "") {
		return nil, errors.New("the mail server's user in COCARDE_SMTP_URL and COCARDE_SMTP_PASSWORD_FILE go together: give both or neither")
	}
	if s.config.Timeout == 0 {
		s.config.Timeout = defaultTimeout
	}
	return s, s.setNames()
}

func (s *Sender) setNames() error {
	issuer, err := url.Parse(s.config.Issuer)
	if err != nil || issuer.Hostname() == "" {
		return errors.New("the issuer is not an origin")
	}
	s.idHost = issuer.Hostname()
	probe := gomail.NewMsg()
	if err := probe.FromFormat(s.config.Name, s.config.From); err != nil {
		return errors.New("the sender of mails is not an address")
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Send writes a mail and hands it to the mail server, anew each time. The error
// is ErrRefused when the server will never take it, else ErrServer; an error
// that is neither is a defect in the message.
func (s *Sender) Send(ctx context.Context, m attest.Message) error {
	msg, err := s.compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client, err := s.client(ctx)
	if err != nil {
		return fmt.Errorf("mail client: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, msg)
	// A connection that breaks after the server took the mail is no failure: the
	// mail would go out twice.
	if err == nil || msg.IsDelivered() {
		return nil
	}
	return classify(err)
}

// classify keeps nothing of the server's own words, in which addresses stand.
func classify(err error) error {
	var refusal *gomail.SendError
	if !errors.As(err, &refusal) {
		return ErrServer.Because(errors.New("the connection to the mail server failed"))
	}
	code := refusal.ErrorCode()
	cause := fmt.Errorf("%s: status %d", refusal.Reason, code)
	aboutMail := refusal.Reason == gomail.ErrSMTPRcptTo || refusal.Reason == gomail.ErrSMTPDataClose
	if aboutMail && code >= 500 {
		return ErrRefused.Because(cause)
	}
	return ErrServer.Because(cause)
}

func (s *Sender) client(ctx context.Context) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.port),
		gomail.WithTimeout(s.config.Timeout),
		gomail.WithTLSConfig(s.tls()),
		gomail.WithDialContextFunc(s.dial(ctx)),
		gomail.WithTLSPolicy(gomail.TLSMandatory),
		gomail.WithHELO(s.helo()),
		gomail.WithoutNoop(),
	}
	mechanisms := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
	switch {
	case s.implicit:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS)) // dial brings it
	case s.loopback:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
		mechanisms = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
	}
	if s.user != "" {
		options = append(options, gomail.WithOpportunisticSMTPAuth(mechanisms...),
			gomail.WithUsername(s.user), gomail.WithPassword(s.config.Password))
	}
	return gomail.NewClient(s.host, options...)
}

func (s *Sender) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.config.RootCAs, MinVersion: tls.VersionTLS12}
}

// helo is the name that we give ourselves: the issuer's, where it is one.
func (s *Sender) helo() string {
	if _, err := netip.ParseAddr(s.idHost); err == nil {
		return "localhost"
	}
	return s.idHost
}

// dial connects, and hangs up when the caller's context ends: the library
// itself looks at the context only while it connects.
func (s *Sender) dial(caller context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var conn net.Conn
		var err error
		if s.implicit {
			d := tls.Dialer{Config: s.tls()}
			conn, err = d.DialContext(ctx, network, address)
		} else {
			var d net.Dialer
			conn, err = d.DialContext(ctx, network, address)
		}
		if err == nil {
			context.AfterFunc(caller, func() { conn.Close() })
		}
		return conn, err
	}
}
