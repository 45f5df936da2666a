package attest_test

import (
	"fmt"
	"testing"

	"cocarde.example/attest"
)

// asksForCode begins a request for access by the mailbox, which sends a code.
func (w *world) asksForCode(t *testing.T, badge, client string) (attest.Begun, error) {
	t.Helper()
	return w.BeginAccess(t.Context(), attest.Accessing{BadgeID: badge, ByMailbox: true, Method: "code", Client: client})
}

// TestOneStrangerLeavesTheAgentCodes: who knows a badge's link uses up the codes of a client, by
// new requests and by codes that are sent again, and not those of the mailbox. Whether a
// mailbox is kept cannot be told from it.
func TestOneStrangerLeavesTheAgentCodes(t *testing.T) {
	t.Parallel()
	for name, kept := range map[string]bool{"kept": true, "not kept": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, badge := w.issued(t, marie, mailbox)
			if !kept {
				w.pass(600 * days)
				_, err := w.store.Purge(t.Context(), w.now(), 365*days)
				must(t, err)
			}
			const stranger, agent = "192.0.2.66", "192.0.2.1"
			b, err := w.asksForCode(t, badge.BadgeID, stranger)
			must(t, err)
			_, err = w.RenewCode(t.Context(), b.ID, b.Token, stranger)
			must(t, err)
			other, err := w.asksForCode(t, badge.BadgeID, stranger)
			must(t, err)
			for range 5 {
				_, err = w.asksForCode(t, badge.BadgeID, stranger)
				wantCode(t, err, "too_many_mails")
				_, err = w.RenewCode(t.Context(), other.ID, other.Token, stranger)
				wantCode(t, err, "too_many_mails")
			}
			for range 3 {
				_, err = w.asksForCode(t, badge.BadgeID, agent)
				must(t, err)
			}
			for n := range 4 { // ten a day in all
				_, err = w.asksForCode(t, badge.BadgeID, fmt.Sprintf("203.0.113.%d", n))
				must(t, err)
			}
			_, err = w.asksForCode(t, badge.BadgeID, "203.0.113.9")
			wantCode(t, err, "too_many_mails")
			w.pass(1 * days)
			_, err = w.asksForCode(t, badge.BadgeID, stranger)
			must(t, err)
		})
	}
}
