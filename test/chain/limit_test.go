package chain

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"cocarde.example/attest"
)

// limited starts an issuer whose limits are the generous ones but for a change.
func limited(t *testing.T, change func(*attest.Limits)) *world {
	t.Helper()
	return newWorld(t, func(s *setup) {
		s.environ = append(s.environ, "COCARDE_TRUSTED_PROXIES=127.0.0.1")
		s.clock.toMorning()
		change(s.options.Limits)
	})
}

func tooMany(t *testing.T, got answer, code string) {
	t.Helper()
	got.refused(http.StatusTooManyRequests, code, "")
	got.retryAfter()
}

func TestRequestsAreLimited(t *testing.T) {
	t.Parallel()
	w := limited(t, func(l *attest.Limits) {
		l.RequestsPerHandle, l.RequestsPerMailbox, l.RequestsPerClient, l.RequestsPerInstance = 2, 3, 4, 12
	})
	client := 0
	elsewhere := func() string { // another client each time
		client++
		return fmt.Sprintf("X-Forwarded-For: 203.0.113.%d", client)
	}
	t.Run("by handle", func(t *testing.T) {
		a := w.agent(t, w.instance(t))
		for range 2 {
			a.ask(elsewhere()).want(http.StatusCreated)
		}
		a.mailbox = journal.hide("mailbox", unique("other")+"@insee.fr")
		tooMany(t, a.ask(elsewhere()), "too_many_requests")
		w.clock.advance(time.Hour)
		a.ask(elsewhere()).want(http.StatusCreated)
	})
	t.Run("by mailbox", func(t *testing.T) {
		mailbox := journal.hide("mailbox", unique("shared")+"@insee.fr")
		for n := range 4 {
			a := w.agent(t, w.instance(t))
			a.mailbox = mailbox
			got := a.ask(elsewhere())
			if n < 3 {
				got.want(http.StatusCreated)
			} else {
				tooMany(t, got, "too_many_requests")
			}
		}
	})
	t.Run("by client", func(t *testing.T) {
		for _, spellings := range [][]string{
			{"198.51.100.7", "192.0.2.9, 198.51.100.7", "evil, 198.51.100.7", "198.51.100.7", "192.0.2.10, 198.51.100.7"},
			{"2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::ffff", "2001:db8:1:0:9::", "2001:db8:1::1"},
		} {
			for n, from := range spellings {
				got := w.agent(t, w.instance(t)).ask("X-Forwarded-For: " + from)
				if n < 4 {
					got.want(http.StatusCreated)
				} else {
					tooMany(t, got, "too_many_requests")
				}
			}
		}
		w.agent(t, w.instance(t)).ask("X-Forwarded-For: 2001:db8:1:1::1").want(http.StatusCreated)
	})
	t.Run("by instance", func(t *testing.T) {
		instance := w.instance(t)
		for range 12 {
			w.agent(t, instance).ask(elsewhere()).want(http.StatusCreated)
		}
		tooMany(t, w.agent(t, instance).ask(elsewhere()), "too_many_requests")
		w.agent(t, w.instance(t)).ask(elsewhere()).want(http.StatusCreated)
	})
}

func TestRequestsAndMailsAreLimitedInTotal(t *testing.T) {
	t.Parallel()
	w := limited(t, func(l *attest.Limits) { l.RequestsInTotal, l.MailsPerMailbox, l.MailsInTotal = 4, 2, 3 })
	instance := w.instance(t)
	a, b, c := w.agent(t, instance), w.agent(t, instance), w.agent(t, instance)
	a.begin()
	a.proveAccount()
	a.call(http.MethodPost, "/mailbox-proof", "{}").want(http.StatusOK)
	b.begin()
	b.proveAccount()
	b.codeMail(1)
	c.begin()
	tooMany(t, c.get(c.signIn(), "Cookie: "+c.cookie), "too_many_mails")
	if s := c.state(); s != "awaiting_account_proof" {
		t.Errorf("without its mail the request is %s", s)
	}
	if n := len(w.mailbox.Messages(c.mailbox)); n != 0 {
		t.Errorf("%d mails beyond the limit", n)
	}
	w.agent(t, instance).begin()
	tooMany(t, w.agent(t, instance).ask(), "too_many_requests")

	w.clock.advance(time.Hour)
	c.remember(c.call(http.MethodPost, "/account-proof", "{}").want(http.StatusOK))
	c.proveAccount()
	c.codeMail(1) // a renewed code takes the former's mail back where it still waits
	c.call(http.MethodPost, "/mailbox-proof", "{}").want(http.StatusOK)
	tooMany(t, c.call(http.MethodPost, "/mailbox-proof", "{}"), "too_many_mails") // 2 for one mailbox
	c.codeMail(2)
	w.agent(t, instance).begin()
}

func TestAnUntrustedProxyNamesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		s.clock.toMorning()
		s.options.Limits.RequestsPerClient = 2
	})
	instance := w.instance(t)
	for n := range 3 {
		got := w.agent(t, instance).ask(fmt.Sprintf("X-Forwarded-For: 203.0.113.%d", n), fmt.Sprintf("Forwarded: for=203.0.113.%d", n), fmt.Sprintf("X-Real-Ip: 203.0.113.%d", n))
		if n < 2 {
			got.want(http.StatusCreated)
		} else {
			tooMany(t, got, "too_many_requests")
		}
	}
}
