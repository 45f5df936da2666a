package store_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/store"
)

// TestMailboxProofsOfAFormerVersion: when the mailbox of a badge was proven stands in the request
// while that is kept; afterwards the end of the attestation's hour counts, and never an earlier time.
func TestMailboxProofsOfAFormerVersion(t *testing.T) {
	t.Parallel()
	for name, empty := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "cocarde.db") },
		"PostgreSQL": func(t *testing.T) string { return emptyOnServer(t) + "&pool_max_conns=4" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := empty(t)
			former, err := store.OpenPast(t.Context(), database, 8)
			if err != nil {
				t.Fatal(err)
			}
			issued := time.Date(2026, 10, 1, 10, 0, 0, 0, time.UTC)
			proven := issued.Add(17*time.Minute + time.Microsecond)
			key := bytes.Repeat([]byte{7}, 32)
			for _, id := range []string{"of-a-request", "without-one0"} {
				former.Exec(t, `
					INSERT INTO badges (id, kind, actor_id, actor_url, actor_host, handle, handle_key, mailbox, mailbox_key, agency_domain,
						agency_name, agency_country, listed, status, created_at, changed_at, jti, expires_at, holds, issued_at)
					VALUES ($1, $2, $1, '', '', '', '', $3, $3, '', '', '', FALSE, 0, $4, $4, $1, $4, FALSE, $4)`,
					id, attest.AgencyMailbox, key, issued.UnixMicro())
			}
			former.Exec(t, `
				INSERT INTO requests (id, badge_id, token_hash, state, actor_id, actor_url, actor_host, handle, mailbox, mailbox_key, agency_domain,
					agency_name, agency_country, lang, listed, method, created_at, expires_at, sign_ins, account_code_tries, mailbox_code_tries,
					codes_sent, mailbox_proof_at, jti, mail_error)
				VALUES ('request', 'of-a-request', $1, 'issued', '', '', '', '', $1, $1, '', '', '', 'fr', FALSE, 'oauth', $2, $2, 0, 0, 0, 1, $3, 'of-a-request', '')`,
				key, issued.UnixMicro(), proven.UnixMicro())
			if err := former.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Migrate(t.Context(), store.Options{Database: database}); err != nil {
				t.Fatal(err)
			}
			s := underTest{database}.open(t)
			for id, want := range map[string]time.Time{"of-a-request": proven, "without-one0": issued.Add(time.Hour)} {
				p, err := s.Badge(t.Context(), id)
				if err != nil || !p.Badge.MailboxProofAt.Equal(want) {
					t.Errorf("%s: %v, %v, want %v", id, p.Badge.MailboxProofAt, err, want)
				}
			}
		})
	}
}
