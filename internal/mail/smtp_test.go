package mail

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/sandbox"
)

// certificate makes a server's certificate and the pool that trusts it.
func certificate(t *testing.T, names ...string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func mailbox(t *testing.T, o sandbox.MailboxOptions) *sandbox.Mailbox {
	t.Helper()
	m, err := sandbox.StartMailbox(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func config(url string) Config {
	return Config{
		URL: url, From: "cocarde@cocarde.example.org", Name: "Cocarde", Issuer: "https://cocarde.example.org",
		Timeout: 2 * time.Second,
		Now:     func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) },
	}
}

func sender(t *testing.T, c Config) *Sender {
	t.Helper()
	s, err := NewSender(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSend(t *testing.T) {
	t.Parallel()
	m := mailbox(t, sandbox.MailboxOptions{})
	code := message(attest.MailCode, "fr")
	if err := sender(t, config("smtp://"+m.Addr())).Send(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	got := m.Messages(code.To)
	if len(got) != 1 {
		t.Fatalf("%d mails arrived", len(got))
	}
	want, err := write("Cocarde", "", code)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Text != want.body || got[0].Subject != want.subject || got[0].HTML != "" {
		t.Errorf("arrived as %q, %q, HTML %q", got[0].Subject, got[0].Text, got[0].HTML)
	}
	if c := sandbox.Code(got[0]); c != code.Code {
		t.Errorf("the code reads %q", c)
	}
	for header, want := range map[string]string{
		"Date":           "Sun, 22 Nov 2026 12:00:00 +0000",
		"Auto-Submitted": "auto-generated",
		"From":           `"Cocarde" <cocarde@cocarde.example.org>`,
		"To":             "<marie.curie@culture.gouv.fr>",
		"Content-Type":   "text/plain; charset=UTF-8",
		"X-Mailer":       "",
		"User-Agent":     "",
	} {
		if have := got[0].Header.Get(header); have != want {
			t.Errorf("%s: %q, want %q", header, have, want)
		}
	}
	if id := got[0].Header.Get("Message-Id"); !strings.HasSuffix(id, "@cocarde.example.org>") {
		t.Errorf("Message-ID: %q", id)
	}
}

func TestSendOverTLS(t *testing.T) {
	t.Parallel()
	server, roots := certificate(t, "localhost")
	_, strangers := certificate(t, "localhost")
	for name, c := range map[string]struct {
		options  sandbox.MailboxOptions
		scheme   string
		user     string
		password string
		roots    *x509.CertPool
		want     error
	}{
		"STARTTLS":              {sandbox.MailboxOptions{TLS: server}, "smtp", "", "", roots, nil},
		"TLS":                   {sandbox.MailboxOptions{TLS: server, ImplicitTLS: true}, "smtps", "", "", roots, nil},
		"STARTTLS, AUTH":        {sandbox.MailboxOptions{TLS: server, Username: "u", Password: "p"}, "smtp", "u", "p", roots, nil},
		"TLS, AUTH":             {sandbox.MailboxOptions{TLS: server, ImplicitTLS: true, Username: "u", Password: "p"}, "smtps", "u", "p", roots, nil},
		"loopback, AUTH":        {sandbox.MailboxOptions{Username: "u", Password: "p"}, "smtp", "u", "p", roots, nil},
		"wrong password":        {sandbox.MailboxOptions{TLS: server, Username: "u", Password: "p"}, "smtp", "u", "q", roots, ErrServer},
		"no password":           {sandbox.MailboxOptions{TLS: server, Username: "u", Password: "p"}, "smtp", "", "", roots, ErrServer},
		"AUTH is not there":     {sandbox.MailboxOptions{TLS: server}, "smtp", "u", "p", roots, ErrServer},
		"STARTTLS of strangers": {sandbox.MailboxOptions{TLS: server}, "smtp", "", "", strangers, ErrServer},
		"TLS of strangers":      {sandbox.MailboxOptions{TLS: server, ImplicitTLS: true}, "smtps", "", "", strangers, ErrServer},
		"TLS is not there":      {sandbox.MailboxOptions{}, "smtps", "", "", roots, ErrServer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mailbox(t, c.options)
			at := ""
			if c.user != "" {
				at = c.user + "@"
			}
			cfg := config(c.scheme + "://" + at + m.Addr())
			cfg.Password, cfg.RootCAs = c.password, c.roots
			err := sender(t, cfg).Send(t.Context(), message(attest.MailIssued, "en"))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			got := m.Messages("")
			if arrived := len(got) == 1; arrived != (c.want == nil) {
				t.Fatalf("%d mails arrived", len(got))
			}
			if c.want == nil && got[0].Encrypted != (c.options.TLS != nil) {
				t.Errorf("encrypted: %v", got[0].Encrypted)
			}
		})
	}
}

func TestSendRefused(t *testing.T) {
	t.Parallel()
	m := mailbox(t, sandbox.MailboxOptions{})
	s := sender(t, config("smtp://"+m.Addr()))
	send := func(kind fault.Kind, want error) {
		t.Helper()
		err := s.Send(t.Context(), message(attest.MailCode, "en"))
		f, ok := fault.Of(err)
		if !ok || !errors.Is(err, want) || f.Kind != kind {
			t.Fatalf("got %v, want %v", err, want)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(e.Error(), "marie") || strings.Contains(e.Error(), "1234") {
				t.Errorf("the error tells what it must not: %v", e)
			}
		}
	}
	m.Refuse(421)
	send(fault.Unavailable, ErrServer)
	m.Refuse(451)
	send(fault.Unavailable, ErrServer)
	m.Refuse(550) // the sender: the operator can set that right
	send(fault.Unavailable, ErrServer)
	m.Refuse(0)
	if err := s.Send(t.Context(), message(attest.MailCode, "en")); err != nil {
		t.Fatalf("after the refusals: %v", err)
	}
	m.RefuseRecipient("marie.curie@culture.gouv.fr")
	send(fault.Invalid, ErrRefused)
}

func TestSendToNoAddress(t *testing.T) {
	t.Parallel()
	m := mailbox(t, sandbox.MailboxOptions{})
	if err := sender(t, config("smtp://"+m.Addr())).Send(t.Context(), message(attest.MailCode, "en")); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"", "marie", "a@culture.gouv.fr\r\nBcc: b@evil.example", "a@culture.gouv.fr, b@evil.example"} {
		bad := message(attest.MailCode, "en")
		bad.To = to
		if err := sender(t, config("smtp://"+m.Addr())).Send(t.Context(), bad); !errors.Is(err, ErrRefused) {
			t.Errorf("To %q: %v", to, err)
		}
	}
	if got := m.Messages(""); len(got) != 1 {
		t.Errorf("%d mails arrived, want the good one", len(got))
	}
}

// script is a server that says one line after another, each once it was
// spoken to, and hangs when there is none left.
func script(t *testing.T, lines ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		buf := make([]byte, 4096)
		for _, line := range lines {
			io.WriteString(conn, line)
			if _, err := conn.Read(buf); err != nil {
				return
			}
		}
		io.Copy(io.Discard, conn)
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}

func TestSendToABadServer(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, address := range map[string]string{
		"nobody":            closed.Addr().String(),
		"silent":            script(t),
		"no SMTP":           script(t, "HTTP/1.1 400 Bad Request\r\n\r\n"),
		"rejects at once":   script(t, "554 go away\r\n"),
		"endless greeting":  script(t, "220-"+strings.Repeat("x", 1<<20)),
		"hangs after HELO":  script(t, "220 hi\r\n", "250 hi\r\n"),
		"strange greeting":  script(t, "\x00\xff\r\n"),
		"empty lines only":  script(t, "\r\n\r\n"),
		"lies about tls":    script(t, "220 hi\r\n", "250-hi\r\n250 STARTTLS\r\n", "220 go on\r\n", "no TLS at all\r\n"),
		"breaks off a word": script(t, "22"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config("smtp://" + address)
			c.Timeout = 300 * time.Millisecond
			if err := sender(t, c).Send(t.Context(), message(attest.MailCode, "fr")); !errors.Is(err, ErrServer) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := config("smtp://" + script(t, "220 hi\r\n", "250 hi\r\n"))
	c.Timeout = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := sender(t, c).Send(ctx, message(attest.MailCode, "fr")); !errors.Is(err, ErrServer) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

// A server that takes the mail and then breaks must not get it twice.
func TestSendTakenThenBroken(t *testing.T) {
	t.Parallel()
	address := script(t, "220 hi\r\n", "250 hi\r\n", "250 from\r\n", "250 to\r\n", "354 data\r\n", "250 taken\r\n", "garbage\r\n")
	if err := sender(t, config("smtp://"+address)).Send(t.Context(), message(attest.MailIssued, "en")); err != nil {
		t.Error(err)
	}
}

// Off loopback nothing is sent in the clear, whatever the server offers.
func TestClearTextOffLoopback(t *testing.T) {
	t.Parallel()
	for host, loopback := range map[string]bool{
		"localhost": true, "mail.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "[::1]": true,
		"mail.example.org": false, "10.0.0.1": false, "localhost.example.org": false, "127.0.0.1.nip.example": false,
	} {
		s := sender(t, config("smtp://"+host))
		client, err := s.client(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := "TLSMandatory"
		if loopback {
			want = "TLSOpportunistic"
		}
		if got := client.TLSPolicy(); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
	// The policy at work: the server is on loopback, but its sender is not told.
	m := mailbox(t, sandbox.MailboxOptions{})
	s := sender(t, config("smtp://"+m.Addr()))
	s.loopback = false
	if err := s.Send(t.Context(), message(attest.MailCode, "en")); !errors.Is(err, ErrServer) {
		t.Errorf("got %v", err)
	}
	if got := m.Messages(""); len(got) != 0 {
		t.Errorf("%d mails went out in the clear", len(got))
	}
}

func TestNewSenderRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"no URL":           func(c *Config) { c.URL = "" },
		"scheme":           func(c *Config) { c.URL = "http://mail.example.org" },
		"no host":          func(c *Config) { c.URL = "smtp://:25" },
		"path":             func(c *Config) { c.URL = "smtp://mail.example.org/x" },
		"query":            func(c *Config) { c.URL = "smtp://mail.example.org?tls=no" },
		"port":             func(c *Config) { c.URL = "smtp://mail.example.org:70000" },
		"password in URL":  func(c *Config) { c.URL = "smtp://u:s3cret@mail.example.org" },
		"user alone":       func(c *Config) { c.URL = "smtp://u@mail.example.org" },
		"password alone":   func(c *Config) { c.Password = "s3cret" },
		"sender":           func(c *Config) { c.From = "not an address" },
		"sender with line": func(c *Config) { c.From = "a@b.example\r\nBcc: c@d.example" },
		"issuer":           func(c *Config) { c.Issuer = "cocarde" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config("smtp://mail.example.org")
			change(&c)
			_, err := NewSender(c)
			if err == nil {
				t.Fatal("taken")
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}
