package sandbox

import (
	"context"
	"net/http"
	"testing"

	"github.com/miekg/dns"
)

func TestStart(t *testing.T) {
	t.Parallel()
	s, err := Start(contextFor(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range DefaultLogins {
		if a := get(t, s.Accounts[l.Username].ActorID(), activityJSON); a.status != http.StatusOK {
			t.Errorf("%s: %d", l.Username, a.status)
		}
	}
	if reply := ask(t, s.Resolver, "udp", "culture.gouv.fr", dns.TypeMX); len(reply.Answer) != 1 {
		t.Errorf("MX: %v", reply)
	}
	if err := send(s.Mailbox, nil, "marie@culture.gouv.fr", plainMail("Bonjour")); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestStartUndoesWhatItBegan(t *testing.T) {
	t.Parallel()
	if _, err := Start(contextFor(t), Options{Logins: []Login{{"not a name", "x"}}}); err == nil {
		t.Error("a bad name is taken")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(cancelled, Options{}); err == nil {
		t.Error("starts in a cancelled context")
	}
}
