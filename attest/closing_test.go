package attest_test

import (
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// closes has the world close so many days after its beginning.
func (w *world) closes(in time.Duration) {
	w.Requests = w.with(func(c *attest.RequestsConfig) { c.Closes = began.Add(in) })
	w.config.Closes = began.Add(in)
}

func (w *world) notices() attest.Notices {
	return attest.Notices{Vault: w.vault, Issuer: issuer, Lang: "en", Closes: w.config.Closes, Now: w.now}
}

// TestClosing: nothing new is taken, what was under way ends, and what stands stays its
// agent's to see, withdraw and erase.
func TestClosing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, stands := w.issued(t, marie, mailbox)
	underWay := w.begins(t, karim, "karim@insee.fr")
	w.closes(90 * days)
	resolved := w.fediverse.resolved
	_, err := w.Begin(t.Context(), asks("@new@social.example", "new@insee.fr"))
	wantCode(t, err, "issuer_closing")
	_, err = w.BeginRenewal(t.Context(), attest.Renewing{BadgeID: stands.BadgeID, Method: "oauth", Client: "192.0.2.1"})
	wantCode(t, err, "issuer_closing")
	_, err = w.FindAccount(t.Context(), "@new@social.example", "192.0.2.1")
	wantCode(t, err, "issuer_closing")
	if w.fediverse.resolved != resolved {
		t.Error("an instance was asked")
	}

	w.signsIn(t, underWay)
	_, err = w.ProveMailbox(t.Context(), underWay.ID, underWay.Token, w.code(t))
	must(t, err)
	_, err = w.Issue(t.Context(), underWay.ID, underWay.Token)
	must(t, err)

	b := w.accesses(t, attest.Accessing{BadgeID: stands.BadgeID, Method: "oauth"})
	w.signsIn(t, b)
	must(t, w.WithdrawBadge(t.Context(), stands.BadgeID, b.Token))
	if m := w.newest(t, attest.MailWithdrawn); !m.Closing {
		t.Errorf("the mail does not say that the issuer closes: %+v", m)
	}
	must(t, w.EraseBadge(t.Context(), stands.BadgeID, b.Token))
}

// TestClosed: from the day on nothing is issued, but an answer that was lost is given again.
func TestClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	had, first := w.issued(t, marie, mailbox)
	late := w.proven(t, karim, "karim@insee.fr")
	w.closes(2 * time.Hour)
	w.pass(2*time.Hour - time.Microsecond)
	again, err := w.Issue(t.Context(), had.ID, had.Token)
	must(t, err)
	w.pass(time.Microsecond)
	_, err = w.Issue(t.Context(), late.ID, late.Token)
	wantCode(t, err, "issuer_closing")
	if n := len(w.published(t)); n != 1 {
		t.Errorf("%d badges", n)
	}
	after, err := w.Issue(t.Context(), had.ID, had.Token)
	must(t, err)
	if again != first || after != first {
		t.Error("the answers differ")
	}
}

// TestRemindersOfAClosing: 30, 7 and 1 days before the issuer closes, where a badge would hold
// for longer; and of its own end, where it would not.
func TestRemindersOfAClosing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issued(t, marie, mailbox) // ends after 180 days
	w.pass(20 * days)
	w.issued(t, karim, "karim@insee.fr") // after 200
	day := began.Add(190 * days)
	w.closes(190 * days)
	reminders := attest.NewReminders(w.store, w.notices(), w.config.Log)
	type mail struct {
		agency string
		left   time.Duration
	}
	var told []mail
	for seen := len(w.mails(t)); w.now().Before(began.Add(210 * days)); w.pass(6 * time.Hour) {
		for more := true; more; {
			var err error
			more, err = reminders.Send(t.Context())
			must(t, err)
		}
		all := w.mails(t)
		for _, m := range all[seen:] {
			if !m.Closing || m.Ends.After(day) {
				t.Errorf("a mail of %s: %+v", w.now(), m)
			}
			told = append(told, mail{m.Agency, m.Ends.Sub(w.now()).Round(days)})
		}
		seen = len(all)
	}
	want := []mail{
		{itsDomain, 30 * days}, {"insee.fr", 30 * days}, {itsDomain, 7 * days}, {"insee.fr", 7 * days},
		{itsDomain, days}, {"insee.fr", days},
	}
	if len(told) != len(want) {
		t.Fatalf("told %v", told)
	}
	count := map[mail]int{}
	for i := range want {
		count[told[i]]++
		count[want[i]]--
	}
	for m, n := range count {
		if n != 0 {
			t.Errorf("%v: %d more than wanted; told %v", m, n, told)
		}
	}
}

// TestClosingAtOnce: whoever has a badge is told once, though the day has come.
func TestClosingAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issued(t, marie, mailbox)
	w.closes(-days)
	reminders := attest.NewReminders(w.store, w.notices(), w.config.Log)
	for range 3 {
		_, err := reminders.Send(t.Context())
		must(t, err)
	}
	if n := w.count(t, attest.MailReminder); n != 1 || !w.newest(t, attest.MailReminder).Closing {
		t.Errorf("%d mails", n)
	}
}

// TestKeyRevokedWhileClosing: nobody is sent to ask for what there is not.
func TestKeyRevokedWhileClosing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issued(t, marie, mailbox)
	w.closes(days)
	e, err := w.notices().KeyRevoked(w.published(t)[0].Badge)
	must(t, err)
	must(t, w.store.AddOutbox(t.Context(), *e))
	if m := w.newest(t, attest.MailKeyRevoked); !m.Closing {
		t.Errorf("%+v", m)
	}
}

// TestRevokeAll revokes what holds and nothing else, and may be repeated.
func TestRevokeAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issued(t, "@ended@social.example", "ended@insee.fr")
	w.pass(100 * days)
	_, suspended := w.issued(t, marie, mailbox)
	_, err := w.badges.Suspend(t.Context(), attest.Act{BadgeID: suspended.BadgeID, By: "operator", Reason: attest.Other})
	must(t, err)
	w.issued(t, karim, "karim@insee.fr")
	w.pass(100 * days)
	mails := len(w.mails(t))
	all := attest.Act{By: "operator", Reason: attest.Other, Note: "closed"}
	for _, want := range []int{2, 0} {
		told := -1
		must(t, w.badges.RevokeAll(t.Context(), all, func(n int) { told = n }))
		if told != want {
			t.Errorf("%d were revoked, want %d", told, want)
		}
	}
	revoked := 0
	for _, p := range w.published(t) {
		if p.Badge.Status == verify.Revoked {
			revoked++
		}
	}
	if revoked != 2 || len(w.mails(t)) != mails {
		t.Errorf("%d are revoked, %d mails were written", revoked, len(w.mails(t))-mails)
	}
}
