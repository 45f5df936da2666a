package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func newTestMailbox(t *testing.T, o MailboxOptions) *Mailbox {
	t.Helper()
	m, err := StartMailbox(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func plainMail(text string) string {
	return strings.ReplaceAll("From: Cocarde <cocarde@cocarde.example>\nTo: x@culture.gouv.fr\n"+
		"Date: Sun, 22 Nov 2026 10:00:00 +0100\nMessage-ID: <1@cocarde.example>\nSubject: =?utf-8?q?V=C3=A9rifier?=\n"+
		"Content-Type: text/plain; charset=utf-8\n\n"+text+"\n", "\n", "\r\n")
}

// send delivers over a plain connection.
func send(m *Mailbox, auth sasl.Client, to, message string) error {
	c, err := smtp.Dial(m.Addr())
	if err != nil {
		return err
	}
	return deliver(c, auth, to, message)
}

func deliver(c *smtp.Client, auth sasl.Client, to, message string) error {
	defer c.Close()
	if auth != nil {
		if err := c.Auth(auth); err != nil {
			return err
		}
	}
	if err := c.SendMail("cocarde@cocarde.example", []string{to}, strings.NewReader(message)); err != nil {
		return err
	}
	return c.Quit()
}

func codeOf(err error) int {
	var refusal *smtp.SMTPError
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return 0
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	m := newTestMailbox(t, MailboxOptions{})
	waited := make(chan Message)
	go func() {
		message, err := m.Wait(contextFor(t), "Jeanne@INSEE.fr", 2)
		if err != nil {
			t.Error(err)
		}
		waited <- message
	}()
	for to, text := range map[string]string{"marie@culture.gouv.fr": "one"} {
		if err := send(m, nil, to, plainMail(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"Code : 1111 2222", "Code : 3333 4444"} {
		if err := send(m, nil, "jeanne@insee.fr", plainMail(text)); err != nil {
			t.Fatal(err)
		}
	}
	got := <-waited
	if got.Subject != "Vérifier" || Code(got) != "33334444" || got.From != "cocarde@cocarde.example" ||
		got.Encrypted || got.At.IsZero() || got.Header.Get("Message-ID") != "<1@cocarde.example>" {
		t.Errorf("%+v", got)
	}
	if n := len(m.Messages("jeanne@insee.fr")); n != 2 {
		t.Errorf("%d for jeanne", n)
	}
	if n := len(m.Messages("")); n != 3 {
		t.Errorf("%d in all", n)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Wait(cancelled, "nobody@insee.fr", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody's mail: %v", err)
	}
}

func TestMailboxRefuses(t *testing.T) {
	t.Parallel()
	m := newTestMailbox(t, MailboxOptions{MaxBytes: 2000})
	try := func(to, text string) int { return codeOf(send(m, nil, to, plainMail(text))) }
	for _, code := range []int{421, 451, 550} {
		m.Refuse(code)
		if got := try("a@insee.fr", "x"); got != code {
			t.Errorf("refusing with %d: %d", code, got)
		}
	}
	m.Refuse(0)
	m.RefuseRecipient("Gone@insee.fr")
	if got := try("gone@INSEE.fr", "x"); got != 550 {
		t.Errorf("refused recipient: %d", got)
	}
	if got := try("a@insee.fr", strings.Repeat("long\r\n", 500)); got != 552 {
		t.Errorf("too large: %d", got)
	}
	if got := try("a@insee.fr", strings.Repeat("x", 1200)); got != 550 {
		t.Errorf("overlong line: %d", got)
	}
	for _, missing := range []string{"From", "Date", "Message-ID"} {
		message := strings.Replace(plainMail("x"), missing+": ", "X-"+missing+": ", 1)
		if got := codeOf(send(m, nil, "a@insee.fr", message)); got != 550 {
			t.Errorf("without %s: %d", missing, got)
		}
	}
	if n := len(m.Messages("")); n != 0 {
		t.Errorf("%d kept", n)
	}
	if err := send(m, nil, "a@insee.fr", plainMail("x")); err != nil {
		t.Errorf("then: %v", err)
	}
}

// testTLS gives a server's and a client's configuration for example.com.
func testTLS(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: pool, ServerName: "example.com"}
}

func TestMailboxWithSTARTTLSAndAuth(t *testing.T) {
	t.Parallel()
	serverTLS, clientTLS := testTLS(t)
	m := newTestMailbox(t, MailboxOptions{TLS: serverTLS, Username: "cocarde", Password: "pass"})
	secret := sasl.NewPlainClient("", "cocarde", "pass")
	try := func(auth sasl.Client) error {
		c, err := smtp.DialStartTLS(m.Addr(), clientTLS)
		if err != nil {
			t.Fatal(err)
		}
		return deliver(c, auth, "a@insee.fr", plainMail("x"))
	}
	if err := send(m, nil, "a@insee.fr", plainMail("x")); codeOf(err) != 530 {
		t.Errorf("in the clear: %v", err)
	}
	if err := send(m, secret, "a@insee.fr", plainMail("x")); err == nil {
		t.Error("the password is taken in the clear")
	}
	if err := try(nil); codeOf(err) != 530 {
		t.Errorf("without password: %v", err)
	}
	if err := try(sasl.NewPlainClient("", "cocarde", "Pass")); codeOf(err) != 535 {
		t.Errorf("wrong password: %v", err)
	}
	if n := len(m.Messages("")); n != 0 {
		t.Errorf("%d kept", n)
	}
	if err := try(secret); err != nil {
		t.Fatal(err)
	}
	if got := m.Messages("a@insee.fr"); len(got) != 1 || !got[0].Encrypted {
		t.Errorf("%+v", got)
	}
}

func TestMailboxWithImplicitTLS(t *testing.T) {
	t.Parallel()
	if _, err := StartMailbox(MailboxOptions{ImplicitTLS: true}); err == nil {
		t.Error("implicit TLS without a certificate")
	}
	serverTLS, clientTLS := testTLS(t)
	m := newTestMailbox(t, MailboxOptions{TLS: serverTLS, ImplicitTLS: true})
	c, err := smtp.DialTLS(m.Addr(), clientTLS)
	if err != nil {
		t.Fatal(err)
	}
	if err := deliver(c, nil, "a@insee.fr", plainMail("x")); err != nil {
		t.Fatal(err)
	}
	if got := m.Messages("a@insee.fr"); len(got) != 1 || !got[0].Encrypted {
		t.Errorf("%+v", got)
	}
}

func TestMailboxHangsUpOnWhoStays(t *testing.T) {
	t.Parallel()
	m, err := StartMailbox(MailboxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", m.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}
