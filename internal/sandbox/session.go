package sandbox

import (
	"crypto/subtle"
	"io"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one SMTP client's; go-smtp calls it from one goroutine.
type session struct {
	mailbox       *Mailbox
	conn          *smtp.Conn
	authenticated bool
	from          string
	to            []string
}

var (
	errNeedTLS = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0},
		Message: "Must issue a STARTTLS command first"}
	errNeedAuth = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0},
		Message: "Authentication required"}
	errNoMailbox = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1},
		Message: "No such mailbox"}
)

// AuthMechanisms names PLAIN where credentials are required.
func (s *session) AuthMechanisms() []string {
	if s.mailbox.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth checks the credentials.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain || s.mailbox.options.Username == "" {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, username, password string) error {
		o := s.mailbox.options
		name := subtle.ConstantTimeCompare([]byte(username), []byte(o.Username))
		pass := subtle.ConstantTimeCompare([]byte(password), []byte(o.Password))
		if name&pass != 1 {
			return smtp.ErrAuthFailed
		}
		s.authenticated = true
		return nil
	}), nil
}

// Mail begins a message.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if err := s.mailbox.refusalNow(); err != nil {
		return err
	}
	o := s.mailbox.options
	if _, encrypted := s.conn.TLSConnectionState(); o.TLS != nil && !encrypted {
		return errNeedTLS
	}
	if o.Username != "" && !s.authenticated {
		return errNeedAuth
	}
	s.from = from
	return nil
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.mailbox.refuses(to) {
		return errNoMailbox
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the message, or refuses one that is not well formed.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	message, err := parseMessage(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	message.From, message.To = s.from, s.to
	message.At = s.mailbox.options.Now()
	_, message.Encrypted = s.conn.TLSConnectionState()
	s.mailbox.keep(message)
	return nil
}

// Reset drops the message that was begun.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the session.
func (s *session) Logout() error { return nil }

func (m *Mailbox) refusalNow() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refusal == 0 {
		return nil
	}
	return &smtp.SMTPError{Code: m.refusal, EnhancedCode: smtp.EnhancedCode{m.refusal / 100, 3, 2},
		Message: "Not accepting mail now"}
}

func (m *Mailbox) refuses(to string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refused[strings.ToLower(to)]
}
