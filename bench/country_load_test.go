package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
	"cocarde.example/verify"
)

// What is measured with millions of badges is held to the schema with a few: every
// badge is found, and its status is the same wherever it stands.
func TestCountry(t *testing.T) {
	t.Parallel()
	c := country{badges: 1000, token: "header.payload." + strings.Repeat("s", 86) + "~", until: time.Now()}
	url, err := postgres.Shared(t).NewDatabase(t.Context())
	check(t, err)
	_, err = store.Migrate(t.Context(), store.Options{Database: url})
	check(t, err)
	before := schema(t, url)
	check(t, c.load(t.Context(), url, func() {}))
	if after := schema(t, url); after != before {
		t.Errorf("the schema was\n%s\nand is\n%s", before, after)
	}
	s, err := store.Open(t.Context(), store.Options{Database: url})
	check(t, err)
	t.Cleanup(func() { check(t, s.Close()) })
	entries, err := s.NotValid(t.Context(), 1)
	check(t, err)
	notValid := map[int64]verify.Status{}
	for _, e := range entries {
		notValid[e.Index] = e.Status
	}
	for n := range c.badges {
		p, err := s.BadgeOfHandle(t.Context(), handleOf(n))
		check(t, err)
		if p.Badge.ID != badgeID(n) || p.Badge.Status != status(n) || notValid[p.Attestation.Index] != status(n) || p.InForce(c.until) == revokedAt(n) {
			t.Fatalf("%d: %+v", n, p)
		}
	}
	seq, err := s.LastSeq(t.Context())
	check(t, err)
	changes, err := s.StatusChanges(t.Context(), 0, seq)
	check(t, err)
	if len(changes) == 0 || len(changes) != len(entries) || seq != c.badges+int64(len(entries)) {
		t.Errorf("%d statuses, %d changes, %d events", len(entries), len(changes), seq)
	}
}

// schema is every index and constraint of a database.
func schema(t *testing.T, url string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	check(t, err)
	defer conn.Close(t.Context())
	var all string
	check(t, conn.QueryRow(t.Context(), `
		SELECT string_agg(text, E'\n' ORDER BY text) FROM (
			SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()
			UNION ALL
			SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
		) d (text)`).Scan(&all))
	return all
}
