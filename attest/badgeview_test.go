package attest_test

import (
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// TestBadgeStates: what anyone may know of a badge, from its request to its end.
func TestBadgeStates(t *testing.T) {
	t.Parallel()
	w, ctx := newLinkWorld(t, manyLimits()), t.Context()
	id := ""
	want := func(state attest.BadgeState, since time.Time) {
		t.Helper()
		v, err := w.badges.State(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if v.ID != id || v.State != state || !v.ChangedAt.Equal(since) || (v.Published == nil) != (state == attest.BadgeReserved) {
			t.Errorf("%s: %+v, want %s since %v", id, v, state, since)
		}
	}
	unknown := func() {
		t.Helper()
		_, err := w.badges.State(ctx, id)
		wantFault(t, err, "badge_not_found")
	}
	id = "000000000000"
	unknown()

	withdrawn := w.begin(t, attest.ByLink)
	id = badgeID(withdrawn)
	want(attest.BadgeReserved, linkStart)
	if err := w.Withdraw(ctx, withdrawn.ID, withdrawn.Token); err != nil {
		t.Fatal(err)
	}
	unknown()

	expired := w.begin(t, attest.ByOAuth)
	id = badgeID(expired)
	want(attest.BadgeReserved, linkStart)
	w.ahead.Add(int64(24 * time.Hour))
	unknown()

	issuedAt := w.now()
	b := w.begin(t, attest.ByLink)
	id = badgeID(b)
	w.profile.set(inFields, nil)
	if _, err := w.AdvanceAccount(ctx, b.ID, b.Token, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	want(attest.BadgeReserved, issuedAt)
	if _, err := w.ProveMailbox(ctx, b.ID, b.Token, w.mails(t)[0].Code); err != nil {
		t.Fatal(err)
	}
	want(attest.BadgeReserved, issuedAt)
	const validity = 30 * 24 * time.Hour
	w.commit(t, b, issuedAt.Add(validity))
	want(attest.BadgeValid, issuedAt)

	w.ahead.Add(int64(time.Hour))
	act := attest.Act{BadgeID: id, By: "operator", Reason: attest.Other}
	suspendedAt := w.now()
	if _, err := w.badges.Suspend(ctx, act); err != nil {
		t.Fatal(err)
	}
	want(attest.BadgeSuspended, suspendedAt)
	w.ahead.Add(int64(validity))
	want(attest.BadgeEnded, issuedAt.Add(validity)) // suspended or not
	w.ahead.Add(-int64(validity))
	if _, err := w.badges.Resume(ctx, act); err != nil {
		t.Fatal(err)
	}
	want(attest.BadgeValid, suspendedAt)
	w.ahead.Add(int64(time.Hour))
	revokedAt := w.now()
	if _, err := w.badges.Revoke(ctx, act); err != nil {
		t.Fatal(err)
	}
	want(attest.BadgeRevoked, revokedAt)
	w.ahead.Add(int64(validity))
	want(attest.BadgeRevoked, revokedAt)
}

func badgeID(b attest.Begun) string { return b.BadgeURL[len(linkIssuer+"/b/"):] }

// commit issues for a request with both proofs, without signing anything.
func (w *linkWorld) commit(t *testing.T, b attest.Begun, expires time.Time) {
	t.Helper()
	list, index, err := w.store.FreeIndex(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := attest.Attestation{
		JTI: "jti-" + b.ID, BadgeID: badgeID(b), Token: "a.b.c~", KID: "kid", List: list, Index: index, IssuedAt: w.now(), ExpiresAt: expires,
	}
	err = w.store.Issue(t.Context(), attest.Issuance{
		RequestID: b.ID, Attestation: a,
		Badge: attest.Badge{
			ID: a.BadgeID, Kind: attest.AgencyMailbox, Actor: b.Actor, Agency: b.Agency, Status: verify.Valid,
			Mailbox: []byte("sealed"), MailboxKey: []byte(b.ID), CreatedAt: w.now(), ChangedAt: w.now(),
			AccountVRF: []byte("account"), AgencyVRF: []byte("agency"),
		},
		Event: attest.Event{
			Kind: attest.EventIssued, At: w.now(), By: "agent", BadgeID: a.BadgeID, JTI: a.JTI, List: list, Index: index,
			TokenHash: []byte("hash"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}
