package attest_test

import (
	"slices"
	"testing"
	"time"

	"cocarde.example/attest"
)

// TestTheMailboxShowsNothingOlderThanItsProof: an attestation tells its time to the hour only. What
// happened in that hour, before the mailbox was proven for it, is not shown to whoever reads the
// mailbox; what happened since is.
func TestTheMailboxShowsNothingOlderThanItsProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pass(w.now().Truncate(time.Hour).Add(time.Hour + time.Minute).Sub(w.now()))
	_, badge := w.issued(t, marie, mailbox)
	id := badge.BadgeID
	byAccount := func() string {
		b := w.accesses(t, attest.Accessing{BadgeID: id, Method: "oauth"})
		w.signsIn(t, b)
		return b.ID
	}
	byMailbox := func() (string, attest.Kept) {
		b := w.accesses(t, attest.Accessing{BadgeID: id, ByMailbox: true, Method: "code"})
		_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, w.newest(t, attest.MailAccessCode).Code)
		must(t, err)
		kept, err := w.Kept(t.Context(), id, b.Token)
		must(t, err)
		return b.ID, kept
	}
	shows := func(kept attest.Kept, since time.Time, requests ...string) {
		t.Helper()
		if !kept.CreatedAt.Equal(since) || !kept.StatusChangedAt.Equal(since) {
			t.Errorf("from %v on: %v, %v", since, kept.CreatedAt, kept.StatusChangedAt)
		}
		var shown []string
		for _, r := range kept.Requests {
			shown = append(shown, r.ID)
		}
		if !slices.Equal(shown, requests) {
			t.Errorf("the requests %v are shown, want %v", shown, requests)
		}
	}
	w.pass(5 * time.Minute)
	byAccount()
	byMailbox()

	w.pass(5 * time.Minute)
	renewal := w.renews(t, id)
	w.pass(time.Minute)
	w.signsIn(t, renewal)
	_, err := w.ProveMailbox(t.Context(), renewal.ID, renewal.Token, w.newest(t, attest.MailRenewalCode).Code)
	must(t, err)
	proven := w.now()
	w.pass(time.Minute)
	between := byAccount()
	w.pass(time.Minute)
	_, err = w.Issue(t.Context(), renewal.ID, renewal.Token)
	must(t, err)
	w.pass(time.Minute)
	own, kept := byMailbox()
	shows(kept, proven, own, between)

	suspended := w.now()
	act := attest.Act{BadgeID: id, By: "operator", Reason: attest.Other}
	_, err = w.badges.Suspend(t.Context(), act)
	must(t, err)
	w.pass(time.Minute)
	_, kept = byMailbox()
	if len(kept.Acts) != 1 || !kept.StatusChangedAt.Equal(suspended) || !kept.CreatedAt.Equal(proven) {
		t.Errorf("after an act: %+v", kept)
	}
}

// TestKeptTellsTheEnd: a badge that has ended vouches for nothing, though its status is valid still.
func TestKeptTellsTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, badge := w.issued(t, marie, mailbox)
	wants := func(state attest.BadgeState, status string) {
		t.Helper()
		b := w.accesses(t, attest.Accessing{BadgeID: badge.BadgeID, Method: "oauth"})
		w.signsIn(t, b)
		kept, err := w.Kept(t.Context(), badge.BadgeID, b.Token)
		must(t, err)
		if kept.State != state || kept.Status != status {
			t.Errorf("it is %s with status %s, want %s with %s", kept.State, kept.Status, state, status)
		}
	}
	wants(attest.BadgeValid, "valid")
	w.pass(180 * days)
	wants(attest.BadgeEnded, "valid")
}
