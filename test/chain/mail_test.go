package chain

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/sandbox"
)

// certificate makes one for this machine that is its own authority.
func certificate(t *testing.T, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func TestMailGoesOutEncryptedAndAuthenticated(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"smtp", "smtps"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			cert, roots := certificate(t)
			password := filepath.Join(t.TempDir(), "password")
			if err := os.WriteFile(password, []byte(journal.hide("password", "rosette-of-smtp")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, func(s *setup) {
				s.smtp = scheme + "://cocarde@%s"
				s.environ = append(s.environ, "COCARDE_SMTP_PASSWORD_FILE="+password)
				s.options.MailRoots = roots
				s.mailbox = sandbox.MailboxOptions{
					TLS: &tls.Config{Certificates: []tls.Certificate{cert}}, ImplicitTLS: scheme == "smtps",
					Username: "cocarde", Password: "rosette-of-smtp",
				}
			})
			a := w.agent(t, w.instance(t))
			a.begin()
			a.proveAccount()
			if m := a.codeMail(1); !m.Encrypted {
				t.Error("the mail came in the clear")
			}
		})
	}
}

func TestAMailServerThatIsAwayIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	w.mailbox.Refuse(421)
	a.begin()
	a.proveAccount()
	eventually(t, patience, func() error {
		if n := w.number(t, `SELECT coalesce(max(attempts), 0) FROM outbox WHERE last_error = 'mail_server_unavailable'`); n == 0 {
			return fmt.Errorf("no attempt was counted")
		}
		return nil
	})
	a.get("/readyz").want(http.StatusOK)
	w.mailbox.Refuse(0)
	w.clock.advance(5 * time.Second)
	a.typeCode(a.nextCode()).want(http.StatusOK)
	a.issue().want(http.StatusCreated)
}

func TestACodeThatCannotBeSentInTimeIsNotSentLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	w.mailbox.Refuse(451)
	a.begin()
	a.proveAccount()
	w.clock.advance(11 * time.Minute)
	eventually(t, patience, func() error {
		if n := w.number(t, `SELECT count(*) FROM outbox WHERE gave_up AND last_error = 'too_late'`); n != 1 {
			return fmt.Errorf("%d mails were given up", n)
		}
		return nil
	})
	w.mailbox.Refuse(0)
	a.call(http.MethodPost, "/mailbox-proof", "{}").want(http.StatusOK)
	a.typeCode(a.nextCode()).want(http.StatusOK)
	if n := len(w.mailbox.Messages(a.mailbox)); n != 1 {
		t.Errorf("%d mails came", n)
	}
}

func TestAMailboxThatDoesNotExistIsGivenUpAndKeptToBeShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	w.mailbox.RefuseRecipient(a.mailbox)
	a.begin()
	a.proveAccount()
	eventually(t, patience, func() error {
		if n := w.number(t, `SELECT count(*) FROM outbox WHERE gave_up AND last_error = 'mail_refused'`); n != 1 {
			return fmt.Errorf("%d mails were given up", n)
		}
		return nil
	})
	w.clock.advance(time.Hour)
	other := w.agent(t, w.instance(t))
	other.attested() // the outbox goes on
	if n := w.number(t, `SELECT attempts FROM outbox WHERE gave_up`); n != 0 {
		t.Errorf("it was tried again: %d", n)
	}
	a.call(http.MethodDelete, "", "").want(http.StatusNoContent)
}

func TestWithoutAMailServerRequestsAreRefusedAndTheRestWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) { s.smtp = "" })
	a := w.agent(t, w.instance(t))
	a.ask().refused(http.StatusServiceUnavailable, "mail_not_configured", "")
	a.get("/readyz").want(http.StatusOK)
	a.get("/healthz").want(http.StatusOK)
	a.get("/status/1").want(http.StatusOK)
	a.report(map[string]string{"attestation": ""})
}

func TestAMailThatIsRefusedForGoodIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	w.mailbox.RefuseRecipient(a.mailbox)
	a.begin()
	a.proveAccount()
	eventually(t, patience, func() error {
		if !strings.Contains(a.call("GET", "", "").want(200).text, `"mail_error":"mail_refused"`) {
			return errors.New("the request does not tell of the refused mail")
		}
		return nil
	})
	if renewed := a.call("POST", "/mailbox-proof", "{}").want(200); strings.Contains(renewed.text, "mail_error") {
		t.Errorf("a fresh code begins with the error of the former: %s", renewed.text)
	}
}
