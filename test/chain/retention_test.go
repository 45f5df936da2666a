package chain

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/retention"
)

// gone is nil once a query counts no rows any more.
func (w *world) gone(t *testing.T, rows string) error {
	t.Helper()
	if n := w.number(t, `SELECT count(*) FROM `+rows); n != 0 {
		return fmt.Errorf("%d are kept: %s", n, rows)
	}
	return nil
}

// TestWhatHasEndedIsDeletedAndABadgeStillSaysSo lets an issuer grow old.
func TestWhatHasEndedIsDeletedAndABadgeStillSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) { s.environ = append(s.environ, "COCARDE_MAILBOX_DAYS=30") })
	instance := w.instance(t)
	a, unfinished := w.agent(t, instance), w.agent(t, instance)
	i := a.attested()
	unfinished.begin()
	const acts = `SELECT count(*) FROM events WHERE kid = ''` // keys go on living
	events := w.number(t, acts)

	w.clock.advance(max(retention.Request, retention.Window))
	for _, rows := range []string{"requests", "sign_ins", "limits"} {
		eventually(t, patience, func() error { return w.gone(t, rows) })
	}
	const sealed = "badges WHERE length(mailbox) > 0 OR length(mailbox_key) > 0"
	if w.gone(t, sealed) == nil {
		t.Error("the mailbox of a badge in force was erased")
	}
	mustHold(t, a.report(map[string]string{"attestation": i.Public}))

	w.clock.advance((180 + 30) * 24 * time.Hour)
	eventually(t, patience, func() error { return w.gone(t, sealed) })
	page := a.get("/b/" + i.id()).want(http.StatusOK)
	a.get("/v1/attestations/" + i.id()).want(http.StatusOK)
	if !strings.Contains(page.text, "This badge ended on ") {
		t.Errorf("the page of a badge that has ended: %s", page.text)
	}
	if n := w.number(t, acts); n != events {
		t.Errorf("%d events, there were %d", n, events)
	}
	a.codes = 1
	a.attested() // the account and the mailbox are free for another
}
