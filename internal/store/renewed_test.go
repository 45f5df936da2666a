package store_test

import (
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

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
	renewWithNext(t, s, b.ID, former.JTI, 77777)
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

// renewWithNext gives a badge an attestation that the next key signed.
func renewWithNext(t *testing.T, s *store.Store, id, former string, index int64) {
	t.Helper()
	s.Exec(t, `INSERT INTO status_entries (list, idx, status) VALUES (1, $1, 0)`, index)
	s.Exec(t, `INSERT INTO attestations (jti, badge_id, token_hash, kid, list, idx, issued_at, expires_at)
		SELECT 'renewed' || jti, badge_id, token_hash, 'next', 1, $2, issued_at, expires_at + 1 FROM attestations WHERE jti = $1`, former, index)
	s.Exec(t, `UPDATE badges SET jti = 'renewed' || jti, expires_at = expires_at + 1 WHERE id = $1`, id)
}

// Of a revocation of a renewed badge and one of the key that signed its former
// attestation, at once, each attestation is revoked by one.
func TestTakingBackWhileABadgeIsRevoked(t *testing.T) {
	t.Parallel()
	for name, empty := range map[string]func(*testing.T) underTest{"SQLite": newFile, "PostgreSQL": newOnServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := empty(t).open(t)
			for range 8 {
				storetest.Fill(t, s)
			}
			valid := verify.Valid
			found, err := s.Badges(t.Context(), attest.BadgeFilter{Status: &valid, Limit: 20})
			if err != nil || len(found) < 10 {
				t.Fatal(len(found), err)
			}
			for n, f := range found {
				renewWithNext(t, s, f.Badge.ID, f.Attestation.JTI, int64(77777+n))
			}
			at := found[0].Attestation.ExpiresAt.Add(-time.Hour)
			for _, f := range found {
				var both errgroup.Group
				both.Go(func() error {
					return s.TakeBack(t.Context(), at, "cocarde", []keyring.Taking{{JTI: f.Attestation.JTI, BadgeID: f.Badge.ID}})
				})
				both.Go(func() error {
					_, err := s.ChangeStatus(t.Context(), attest.StatusChange{BadgeID: f.Badge.ID, To: verify.Revoked, At: at, By: "operator", Reason: attest.Other})
					return err
				})
				if err := both.Wait(); err != nil {
					t.Fatal(err)
				}
			}
			if n := s.Int(t, `SELECT COUNT(*) FROM (SELECT jti FROM events WHERE kind = 'revoked' GROUP BY jti HAVING COUNT(*) > 1) AS twice`); n != 0 {
				t.Errorf("%d attestations of %d were revoked twice", n, len(found))
			}
		})
	}
}
