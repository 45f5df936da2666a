package store_test

import (
	"testing"

	"cocarde.example/internal/store/storetest"
)

// What the log's leaves will need stands in every event of an attestation, and in
// the row of its badge; what auditors will read in those of a change: no interface
// reads them yet.
func TestEventsCarryTheirLeaves(t *testing.T) {
	t.Parallel()
	s := newFile(t).open(t)
	storetest.Fill(t, s)
	for what, query := range map[string]string{
		"of attestations": `SELECT COUNT(*) FROM events e JOIN badges b ON b.id = e.badge_id WHERE e.jti <> '' AND b.erased_at IS NULL`,
		"with their leaves": `SELECT COUNT(*) FROM events e JOIN attestations a ON a.jti = e.jti JOIN badges b ON b.id = e.badge_id
			WHERE a.badge_id = b.id AND e.list = a.list AND e.idx = a.idx AND e.token_hash = a.token_hash
			AND length(b.account_vrf) > 0 AND length(b.agency_vrf) > 0 AND e.seq > 0`,
	} {
		// Six issued, one renewed, one replaced, one revoked, one suspended, two revoked with their key.
		if n := s.Int(t, query); n != 12 {
			t.Errorf("%d events %s, want 12", n, what)
		}
	}
	if n := s.Int(t, `SELECT COUNT(*) FROM events WHERE kind = 'revoked' AND reason = 'replaced' AND done_by = 'cocarde'`); n != 1 {
		t.Errorf("%d events of a replacement, want 1", n)
	}
	if n := s.Int(t, `SELECT COUNT(*) FROM events WHERE kind = 'revoked' AND reason = 'key_compromised' AND done_by = 'cocarde'`); n != 2 {
		t.Errorf("%d events of badges that were revoked with their key, want 2", n)
	}
	if n := s.Int(t, `SELECT COUNT(*) FROM events WHERE kind = 'suspended' AND reason = 'other' AND done_by = 'operator' AND note = x'2a'`); n != 1 {
		t.Errorf("%d events of a suspension, want 1", n)
	}
}
