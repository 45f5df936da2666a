package store_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"cocarde.example/attest"
	"cocarde.example/internal/backup"
	"cocarde.example/internal/store"
	"cocarde.example/verify"
)

// formerSchema is that of the last version before this one.
const formerSchema = 7

// A backup that a former version has made is brought to the schema of this one, with
// all that is in it.
func TestBackupOfAFormerVersion(t *testing.T) {
	t.Parallel()
	for name, empty := range emptyPlaces() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			former, open := formerBackup(t, empty(t))
			to := store.Options{Database: empty(t)}
			b := open()
			if b.Header.Schema != formerSchema || b.Header.Seq != 1 || len(b.Header.Keys) != 1 {
				t.Fatalf("%+v", b.Header)
			}
			acted := false
			err := store.Restore(t.Context(), to, b, func(ctx context.Context, s *store.Store) error {
				acted = true
				_, err := s.Badge(ctx, "badge0000001") // asks for columns of today
				return err
			})
			if err != nil || !acted {
				t.Fatal(err)
			}
			s, err := store.Open(t.Context(), to)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			p, err := s.Badge(t.Context(), "badge0000001")
			if err != nil || p.Badge.Actor.Handle.String() != "@marie@social.example" || p.Badge.Agency.Domain != "culture.gouv.fr" {
				t.Errorf("%+v, %v", p, err)
			}
			id, _, err := s.Identity(t.Context())
			if err != nil || id.Origin != former.Origin || !bytes.Equal(id.WrappedKeys["sealing"], former.WrappedKeys["sealing"]) {
				t.Errorf("%+v, %v", id, err)
			}
			_, err = s.ChangeStatus(t.Context(), attest.StatusChange{
				BadgeID: p.Badge.ID, To: verify.Suspended, At: time.Unix(1800000000, 0), By: "operator", Reason: attest.Other,
			})
			if err == nil {
				err = s.NumberEvents(t.Context())
			}
			if where := s.Find(t, "vrf of marie"); len(where) != 0 {
				t.Errorf("VRF outputs are left in the events' %q", where)
			}
			if seq, failed := s.LastSeq(t.Context()); err != nil || failed != nil || seq != 2 {
				t.Errorf("the next event is %d, %v, %v", seq, err, failed)
			}
		})
	}
}

// emptyPlaces give where there is no database yet, by the kind.
func emptyPlaces() map[string]func(*testing.T) string {
	return map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "cocarde.db") },
		"PostgreSQL": func(t *testing.T) string { return emptyOnServer(t) + "&pool_max_conns=4" },
	}
}

// A database that a later version has migrated cannot be brought back: its tables are
// left alone. SQLite's file is replaced whole.
func TestBackupOfAFormerVersionIntoMigrated(t *testing.T) {
	t.Parallel()
	_, open := formerBackup(t, emptyOnServer(t)+"&pool_max_conns=4")
	d := newOnServer(t)
	err := store.Restore(t.Context(), store.Options{Database: d.database}, open(), unwanted(t))
	wantCode(t, err, "database_not_empty")
	d.open(t)

	_, open = formerBackup(t, filepath.Join(t.TempDir(), "cocarde.db"))
	f := newFile(t)
	err = store.Restore(t.Context(), store.Options{Database: f.database}, open(), func(context.Context, *store.Store) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, founded, err := f.open(t).Identity(t.Context()); !founded || err != nil {
		t.Errorf("founded: %v, %v", founded, err)
	}
}

func unwanted(t *testing.T) func(context.Context, *store.Store) error {
	return func(context.Context, *store.Store) error {
		t.Error("it was restored")
		return nil
	}
}

// formerBackup fills a database as a former version did, and gives what opens its
// backup.
func formerBackup(t *testing.T, database string) (store.Identity, func() *backup.Reader) {
	t.Helper()
	former := store.Identity{Origin: "https://cocarde.example.org", WrappedKeys: map[string][]byte{"sealing": []byte("wrapped")}}
	s, err := store.OpenPast(t.Context(), database, formerSchema)
	if err != nil {
		t.Fatal(err)
	}
	hash := bytes.Repeat([]byte{7}, 32)
	issued := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	at, end := issued.UnixMicro(), issued.AddDate(1, 0, 0).UnixMicro()
	s.Exec(t, `INSERT INTO meta (id, origin, demo, actor_key) VALUES (1, $1, FALSE, $2)`, former.Origin, []byte("{}"))
	s.Exec(t, `INSERT INTO data_keys (name, wrapped) VALUES ('sealing', $1)`, former.WrappedKeys["sealing"])
	s.Exec(t, `
		INSERT INTO badges (id, kind, actor_id, actor_url, actor_host, handle, handle_key, mailbox, mailbox_key, agency_domain, agency_name,
			agency_country, listed, status, created_at, changed_at, account_vrf, agency_vrf, jti, expires_at, holds, token, kid, list, idx, issued_at)
		VALUES ('badge0000001', $1, 'https://social.example/users/marie', 'https://social.example/@marie', 'social.example', '@marie@social.example',
			'marie@social.example', $2, $2, 'culture.gouv.fr', 'Culture', 'FR', TRUE, 0, $3, $3, $2, $2, 'jti-1', $4, TRUE, 'token', 'kid', 1, 5, $3)`,
		attest.AgencyMailbox, hash, at, end)
	s.Exec(t, `INSERT INTO attestations (jti, badge_id, token_hash, kid, list, idx, issued_at, expires_at) VALUES ('jti-1', 'badge0000001', $1, 'kid', 1, 5, $2, $3)`, hash, at, end)
	s.Exec(t, `INSERT INTO status_entries (list, idx, status) VALUES (1, 5, 0)`)
	s.Exec(t, `
		INSERT INTO events (kind, public, at, done_by, badge_id, jti, list, idx, token_hash, account_vrf, agency_vrf, kid, reason, seq)
		VALUES ('issued', TRUE, $1, 'agent', 'badge0000001', 'jti-1', 1, 5, $2, $3, $3, '', '', 1)`, at, hash, []byte("vrf of marie"))
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = s.Backup(t.Context(), func(h backup.Header) (*backup.Writer, error) {
		return backup.NewWriter(&out, []age.Recipient{identity.Recipient()}, h)
	}, func(int64, int64) {})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return former, func() *backup.Reader {
		b, err := backup.NewReader(bytes.NewReader(out.Bytes()), []age.Identity{identity})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}
