package store_test

import (
	"strconv"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/store"
	"cocarde.example/internal/store/storetest"
	"cocarde.example/verify"
)

// A badge whose latest attestation another key signed outlives the key that signed
// a former one: that one alone is revoked, and stays so whatever happens to the badge.
func TestTakingBackARenewedBadge(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		takeBackRenewed(t, newFile(t).open(t))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		takeBackRenewed(t, newOnServer(t).open(t))
	})
}

func takeBackRenewed(t *testing.T, s *store.Store) {
	t.Helper()
	storetest.Fill(t, s)
	ctx := t.Context()
	valid := verify.Valid
	found, err := s.Badges(ctx, attest.BadgeFilter{Status: &valid, Limit: 1})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	b, former := found[0].Badge, found[0].Attestation
	s.Exec(t, `INSERT INTO status_entries (list, idx, status) VALUES (1, 77777, 0)`)
	s.Exec(t, `INSERT INTO attestations (jti, badge_id, token_hash, kid, list, idx, issued_at, expires_at)
		SELECT 'renewed', badge_id, token_hash, 'next', 1, 77777, issued_at, expires_at + 1 FROM attestations WHERE jti = $1`, former.JTI)
	s.Exec(t, `UPDATE badges SET jti = 'renewed', expires_at = expires_at + 1 WHERE id = $1`, b.ID)
	at := former.ExpiresAt.Add(-time.Hour)
	entries := func() (statuses [2]verify.Status) {
		t.Helper()
		all, err := s.NotValid(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			switch e.Index {
			case former.Index:
				statuses[0] = e.Status
			case 77777:
				statuses[1] = e.Status
			}
		}
		return statuses
	}
	mails := s.Int(t, `SELECT COUNT(*) FROM outbox`)
	for range 2 {
		err := s.TakeBack(ctx, at, "cocarde", []keyring.Taking{{JTI: former.JTI, BadgeID: b.ID, Mail: &attest.OutboxEntry{Kind: attest.OutboxMail, Body: []byte("sealed")}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		to   verify.Status
		want [2]verify.Status
	}{
		{verify.Valid, [2]verify.Status{verify.Revoked, verify.Valid}}, // as it is
		{verify.Suspended, [2]verify.Status{verify.Revoked, verify.Suspended}},
		{verify.Valid, [2]verify.Status{verify.Revoked, verify.Valid}},
		{verify.Revoked, [2]verify.Status{verify.Revoked, verify.Revoked}},
	} {
		if _, err := s.ChangeStatus(ctx, attest.StatusChange{BadgeID: b.ID, To: step.to, At: at, By: "operator", Reason: attest.Other}); err != nil {
			t.Fatal(err)
		}
		if got := entries(); got != step.want {
			t.Errorf("%s: the statuses are %v, want %v", step.to, got, step.want)
		}
	}
	if n := s.Int(t, `SELECT COUNT(*) FROM outbox`); n != mails {
		t.Errorf("%d mails were written about a badge that stays", n-mails)
	}
	if n := s.Int(t, "SELECT COUNT(*) FROM events WHERE kind = 'revoked' AND idx = "+strconv.FormatInt(former.Index, 10)); n != 1 {
		t.Errorf("the former attestation was revoked %d times", n)
	}
}
