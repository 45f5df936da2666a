package attest_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
)

// TestReminders lets a badge grow old, hour by hour.
func TestReminders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reminders := attest.NewReminders(w.store, w.notices(), w.config.Log)
	_, first := w.issued(t, marie, mailbox)
	end := w.published(t)[0].Attestation.ExpiresAt
	var left []time.Duration
	for sent := 0; w.now().Before(end.Add(2 * days)); w.pass(6 * time.Hour) {
		more, err := reminders.Send(t.Context())
		must(t, err)
		if n := w.count(t, attest.MailReminder); more || n > sent+1 {
			t.Fatalf("more %v, %d mails at once", more, n-sent)
		} else if n > sent {
			sent = n
			left = append(left, end.Sub(w.now()).Round(days))
		}
	}
	if len(left) != 3 || left[0] != 30*days || left[1] != 7*days || left[2] != days {
		t.Errorf("reminded %v before the end", left)
	}
	m := w.newest(t, attest.MailReminder)
	if m.Lang != "fr" || m.Handle != "" || m.BadgeURL != "" || m.StopURL == "" || !m.Ends.Equal(end) {
		t.Errorf("the mail is %+v", m)
	}
	// Renewed after its end, it is reminded of the next one; who was away gets one mail.
	w.renewed(t, first.BadgeID)
	w.pass(176 * days)
	before := w.count(t, attest.MailReminder)
	for range 3 {
		_, err := reminders.Send(t.Context())
		must(t, err)
	}
	if n := w.count(t, attest.MailReminder) - before; n != 1 {
		t.Errorf("%d mails", n)
	}
}

// A mailbox that cannot be opened keeps nobody else from being reminded.
func TestADamagedMailboxIsPassedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issued(t, marie, mailbox)
	damaged := w.published(t)[0].Badge
	w.issued(t, karim, "karim@insee.fr")
	w.pass(175 * days)
	notices := w.notices()
	notices.Vault = damagedVault{w.vault, damaged.Mailbox}
	reminders := attest.NewReminders(w.store, notices, w.config.Log)
	for range 2 {
		_, err := reminders.Send(t.Context())
		must(t, err)
	}
	if n := w.count(t, attest.MailReminder); n != 1 {
		t.Errorf("%d mails, want one for the other", n)
	}
	if n := strings.Count(w.log.String(), damaged.ID); n != 1 {
		t.Errorf("the log tells %d times", n)
	}
}

// damagedVault opens all but one thing.
type damagedVault struct {
	attest.Vault
	damaged []byte
}

func (v damagedVault) OpenUnder(ownKey []byte, purpose string, sealed []byte) ([]byte, error) {
	if bytes.Equal(sealed, v.damaged) {
		return nil, errors.New("damaged")
	}
	return v.Vault.OpenUnder(ownKey, purpose, sealed)
}

func (w *world) count(t tb, kind attest.MessageKind) (n int) {
	t.Helper()
	for _, m := range w.mails(t) {
		if m.Kind == kind {
			n++
		}
	}
	return n
}
