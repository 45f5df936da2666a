package bench

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/store"
	"cocarde.example/keys"
)

// requests are those of a store that have both proofs, and are issued one by one.
type requests struct {
	store    *store.Store
	db       *sql.DB // the same database, past the store
	template attest.Request
	columns  string
	row      []any // the template, as it rests

	added, issued atomic.Int64
}

func onSQLite(b *testing.B) *requests {
	path := filepath.Join(b.TempDir(), "cocarde.db")
	return newRequests(b, path, func() *sql.DB { return openSQLite(b, path) })
}

func onPostgres(b *testing.B, url string) *requests {
	return newRequests(b, url, func() *sql.DB {
		db, err := sql.Open("pgx", url)
		check(b, err)
		b.Cleanup(func() { _ = db.Close() })
		return db
	})
}

func newRequests(b *testing.B, database string, open func() *sql.DB) *requests {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{Database: database, Migrate: true})
	check(b, err)
	b.Cleanup(func() { check(b, s.Close()) })
	now := time.Now()
	check(b, s.FoundIssuer(b.Context(), store.Identity{Origin: chainIssuer, ActorKey: []byte("sealed"), SigningKeys: []keys.Key{
		{KID: "kid", State: keys.Active, Created: now, NotBefore: now, ActivatedAt: now, JWK: []byte("{}")},
	}}, nil))
	r := &requests{store: s, template: provenRequest(b, s), db: open()}
	r.readRow(b)
	return r
}

// provenRequest keeps one request with both proofs.
func provenRequest(b *testing.B, s *store.Store) attest.Request {
	b.Helper()
	h, err := acct.ParseHandle("@marie@social.example.org")
	check(b, err)
	now := time.Now()
	r := attest.Request{
		ID: "template", Purpose: attest.ForIssue, BadgeID: "template", TokenHash: make([]byte, 32), State: attest.AwaitingAccountProof,
		Actor:   attest.Actor{ID: "https://social.example.org/users/", URL: "https://social.example.org/@marie", Handle: h, Host: h.Host()},
		Mailbox: make([]byte, 80), MailboxKey: []byte("key"), Agency: attest.Agency{Domain: "culture.gouv.fr", Name: "Culture", Country: "FR"},
		Lang: "fr", Listed: true, Method: attest.ByOAuth, CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour),
	}
	code := attest.Code{Hash: make([]byte, 32), ExpiresAt: now.Add(time.Hour)}
	check(b, s.AddRequest(b.Context(), r, &attest.SignIn{StateHash: []byte("s"), Browser: []byte("b"), Verifier: []byte("v"), ExpiresAt: now}))
	check(b, s.ProveAccount(b.Context(), r.ID, now, code, nil))
	check(b, s.ProveMailbox(b.Context(), r.ID, code.Hash, now))
	return r
}

// readRow reads the template as it rests, whatever the columns and their types.
func (r *requests) readRow(b *testing.B) {
	b.Helper()
	rows, err := r.db.Query(`SELECT * FROM requests WHERE id = $1`, r.template.ID)
	check(b, err)
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	check(b, err)
	r.columns = strings.Join(names, ", ")
	r.row = make([]any, len(names))
	into := make([]any, len(names))
	for i := range into {
		into[i] = &r.row[i]
	}
	if !rows.Next() {
		b.Fatal("no template")
	}
	check(b, rows.Scan(into...))
}

// change is what sets one request apart from the template, by column.
type change func(id string) map[string]any

func onlyID(id string) map[string]any { return map[string]any{"id": id} }

// add copies the template, in one transaction: what leads to a proven request is
// not measured.
func (r *requests) add(b *testing.B, count int, change change) {
	b.Helper()
	b.StopTimer()
	defer b.StartTimer()
	tx, err := r.db.Begin()
	check(b, err)
	defer func() { _ = tx.Rollback() }()
	names := strings.Split(r.columns, ", ")
	holders := make([]string, len(names))
	for i := range holders {
		holders[i] = fmt.Sprintf("$%d", i+1)
	}
	insert, err := tx.Prepare(`INSERT INTO requests (` + r.columns + `) VALUES (` + strings.Join(holders, ", ") + `)`)
	check(b, err)
	for range count {
		row := append([]any(nil), r.row...)
		changed := change(requestID(r.added.Add(1)))
		for i, name := range names {
			if value, ok := changed[name]; ok {
				row[i] = value
			}
		}
		_, err := insert.Exec(row...)
		check(b, err)
	}
	check(b, tx.Commit())
}

func requestID(n int64) string { return fmt.Sprintf("r%011d", n) }

// next names a request that is not issued yet.
func (r *requests) next() string { return requestID(r.issued.Add(1)) }

// issue does the store's part of issuing, for the next request: again where
// another client took the index meanwhile.
func (r *requests) issue(b *testing.B) error {
	id := r.next()
	for {
		list, index, err := r.store.FreeIndex(b.Context())
		if err == nil {
			err = r.store.Issue(b.Context(), r.issuance(id, list, index))
		}
		if !errors.Is(err, attest.ErrIndexTaken) {
			return err
		}
	}
}

func (r *requests) issuance(id string, list, index int64) attest.Issuance {
	t := r.template
	t.Actor.ID += id
	jti := "jti-" + id
	vrf := make([]byte, 64)
	return attest.Issuance{
		RequestID: id,
		Badge: attest.Badge{
			ID: id, Kind: attest.AgencyMailbox, Actor: t.Actor, Agency: t.Agency, OwnKey: make([]byte, 73), Mailbox: t.Mailbox, Lang: "fr",
			MailboxKey: []byte("the keyed hash of mailbox " + id), Listed: true,
			CreatedAt: t.CreatedAt, ChangedAt: t.CreatedAt, AccountVRF: vrf, AgencyVRF: vrf,
		},
		Attestation: attest.Attestation{JTI: jti, BadgeID: id, Token: strings.Repeat("t", 1300), KID: "kid", List: list, Index: index,
			IssuedAt: t.CreatedAt, ExpiresAt: t.CreatedAt.AddDate(0, 0, 180)},
		Event: attest.Event{Kind: attest.EventIssued, At: t.CreatedAt, By: "agent", BadgeID: id, JTI: jti, List: list, Index: index,
			TokenHash: make([]byte, 32)},
		Mail: &attest.OutboxEntry{Kind: attest.OutboxMail, Body: make([]byte, 400), NotBefore: t.CreatedAt},
	}
}
