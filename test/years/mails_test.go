package years

import (
	"strings"
	"time"

	"cocarde.example/internal/sandbox"
	"cocarde.example/verify"
)

// reminders are sent so long before the end.
var reminders = []time.Duration{30 * day, 7 * day, day}

// late is how much later than it should a reminder may come: the issuer looks for them
// each 10 minutes.
func late() time.Duration { return *every + 15*time.Minute }

// due is how often an agent should have been reminded with so much left.
func due(left time.Duration) (times int) {
	for _, before := range reminders {
		if left <= before {
			times++
		}
	}
	return times
}

// readMails reads what has come, before anything is done with the badge that it is about.
func (y *years) readMails() {
	y.t.Helper()
	all := y.mailbox.Messages("")
	for _, m := range all[y.mails:] {
		y.mailed(m)
	}
	y.mails = len(all)
}

// checkMails misses what has not come.
func (y *years) checkMails() {
	y.t.Helper()
	then := y.now().Add(-late())
	for _, b := range y.badges {
		if b.keyMailed != b.keyMails {
			y.t.Fatalf("%v: %d mails of a revoked key, want %d", y.now(), b.keyMailed, b.keyMails)
		}
		if !b.inForce(y.now()) || then.Before(b.quiet) || then.Before(y.startedAt) {
			continue
		}
		if times := due(b.latest().ends.Sub(then)); b.reminded < times {
			y.t.Fatalf("%v: nobody is reminded that %s ends at %v: %d of %d", y.now(), b.id, b.latest().ends, b.reminded, times)
		}
	}
}

// mailed: a reminder comes when it should, once, and says when the badge ends.
func (y *years) mailed(m sandbox.Message) {
	y.t.Helper()
	b := y.holder(m.To[0]).badge
	switch {
	case b == nil: // the code for the first one
	case strings.HasPrefix(m.Subject, "Your badge was revoked"):
		b.keyMailed++
	case strings.HasPrefix(m.Subject, "A badge ends on "):
		s := b.latest()
		times := due(s.ends.Sub(m.At))
		if b.status != verify.Valid || !m.At.Before(s.ends) || times <= b.reminded || !strings.HasSuffix(m.Subject, dated(s.ends)) {
			y.t.Fatalf("%v: %q, %d before, %d by now, of a badge that is %v until %v", m.At, m.Subject, b.reminded, times, b.status, s.ends)
		}
		b.reminded = times
		y.happened[reminder]++
	}
}

func (y *years) holder(mailbox string) *agent {
	y.t.Helper()
	for _, a := range y.agents {
		if strings.EqualFold(a.mailbox, mailbox) {
			return a
		}
	}
	y.t.Fatalf("a mail to %s", mailbox)
	return nil
}
