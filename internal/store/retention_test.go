package store_test

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/retention"
	"cocarde.example/internal/store"
	"cocarde.example/internal/store/storetest"
)

const (
	filled     = `SELECT MIN(created_at) FROM badges` // when Fill did everything
	hasMailbox = `SELECT COUNT(*) FROM badges WHERE length(mailbox) > 0 AND length(mailbox_key) > 0 AND `
)

// kept is what the table "What is kept" in docs/OPERATING.md lists.
var kept = []struct {
	what  string
	long  time.Duration // 0: always
	since string        // query: from when that counts
	rows  string        // query: how many there are; empty where no purge deletes them
}{
	{"Requests, whatever became of them", retention.Request, filled, `SELECT (SELECT COUNT(*) FROM requests) + (SELECT COUNT(*) FROM sign_ins)`},
	{"Counts of limits", retention.Window, `SELECT MIN(window_start) FROM limits`, `SELECT COUNT(*) FROM limits`},
	{"Mail stops", retention.MailStop, filled, `SELECT COUNT(*) FROM mail_stops`},
	{"Mails with codes", retention.Code, "", ""},
	{"Notices to agents", retention.Notice, "", ""},
	{"Access tokens to be given back", retention.Token, "", ""},
	{"What was given up", retention.GivenUp, `SELECT MAX(not_after) FROM outbox`, `SELECT COUNT(*) FROM outbox WHERE gave_up`},
	{"Registrations for one sign-in", retention.Token, filled, `SELECT COUNT(*) FROM apps WHERE ends_at IS NOT NULL`},
	{"Registrations at instances", 0, "", `SELECT COUNT(*) FROM apps WHERE ends_at IS NULL`},
	{"Mailboxes of badges", retention.Mailbox, `SELECT MAX(changed_at) FROM badges`, hasMailbox + `status = 1`},
	{"Mailboxes of badges", retention.Mailbox, `SELECT MAX(expires_at) FROM badges`, hasMailbox + `status <> 1`},
	{"Badges", 0, "", `SELECT COUNT(*) FROM badges`},
	{"Attestations", 0, "", `SELECT COUNT(*) FROM attestations`},
	{"Status indices", 0, "", `SELECT (SELECT COUNT(*) FROM status_lists) * (SELECT COUNT(*) FROM status_entries)`},
	{"Events", 0, "", `SELECT COUNT(*) FROM events`},
	{"Issuer and keys", 0, "", `SELECT (SELECT COUNT(*) FROM meta) * (SELECT COUNT(*) FROM data_keys) * (SELECT COUNT(*) FROM signing_keys)`},
	{"Published documents", 0, "", `SELECT COUNT(*) FROM artefacts`},
	{"Leases", 0, "", `SELECT COUNT(*) FROM leases`},
}

func TestRetention(t *testing.T) {
	t.Parallel()
	wantRetention(t, newFile(t).open(t))
}

func TestPostgresRetention(t *testing.T) {
	t.Parallel()
	wantRetention(t, newOnServer(t).open(t))
}

// wantRetention: each thing is there until its time has come, and gone then.
func wantRetention(t *testing.T, s *store.Store) {
	t.Helper()
	storetest.Fill(t, s)
	before := map[string]int64{}
	ends := map[int64][]string{} // what must be gone by when
	for _, k := range kept {
		if k.rows == "" {
			continue
		}
		if before[k.rows] = s.Int(t, k.rows); before[k.rows] == 0 {
			t.Fatalf("there is nothing to be kept: %s", k.rows)
		}
		if k.long > 0 {
			at := s.Int(t, k.since) + k.long.Microseconds()
			ends[at] = append(ends[at], k.rows)
		}
	}
	purge := func(at int64) {
		t.Helper()
		if more, err := s.Purge(t.Context(), time.UnixMicro(at), retention.Mailbox); more || err != nil {
			t.Fatalf("more %v, error %v", more, err)
		}
	}
	order := slices.Sorted(maps.Keys(ends))
	for _, at := range order {
		purge(at - 1)
		for _, rows := range ends[at] {
			if n := s.Int(t, rows); n != before[rows] {
				t.Errorf("gone before their time, all but %d of %d: %s", n, before[rows], rows)
			}
		}
		purge(at)
		for _, rows := range ends[at] {
			if n := s.Int(t, rows); n != 0 {
				t.Errorf("%d are kept for too long: %s", n, rows)
			}
		}
	}
	purge(time.UnixMicro(order[len(order)-1]).AddDate(100, 0, 0).UnixMicro())
	for _, k := range kept {
		if k.long == 0 && s.Int(t, k.rows) != before[k.rows] {
			t.Errorf("%s: %d of %d are left", k.what, s.Int(t, k.rows), before[k.rows])
		}
	}
}

// TestRetentionIsDocumented: the table for operators says the same, of every table
// of the database.
func TestRetentionIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/OPERATING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## What is kept\n")
	section, _, _ = strings.Cut(section, "\nThe job runs ")
	documented, where := map[string]time.Duration{}, ""
	for _, row := range strings.Split(section, "\n| ")[2:] { // after the head
		cells := strings.Split(row, " | ")
		if len(cells) != 5 {
			t.Fatalf("%d cells: %s", len(cells), row)
		}
		documented[cells[0]] = duration(t, cells[3])
		where += cells[1]
	}
	listed := map[string]bool{}
	for _, k := range kept {
		listed[k.what] = true
		if said, ok := documented[k.what]; !ok || said != k.long {
			t.Errorf("%s: documented %v, as kept for %v; they are kept for %v", k.what, ok, said, k.long)
		}
	}
	if len(listed) != len(documented) {
		t.Errorf("%d things are documented, want %d", len(documented), len(listed))
	}
	for _, table := range tables(t) {
		if !strings.Contains(where, "`"+table+"`") {
			t.Errorf("the table %s is not documented", table)
		}
	}
}

var windows = regexp.MustCompile(`^(\d+) (minutes|hours|days)\b`)

// duration reads how long something is said to be kept, 0 for always.
func duration(t *testing.T, said string) time.Duration {
	t.Helper()
	if strings.HasPrefix(said, "always") {
		return 0
	}
	m := windows.FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("%q says no time", said)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(n) * map[string]time.Duration{"minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}[m[2]]
}

// tables are those of the schema, as its migrations make them.
func tables(t *testing.T) (names []string) {
	t.Helper()
	files, err := os.ReadDir("migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	create := regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)
	for _, f := range files {
		text, err := os.ReadFile("migrations/sqlite/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range create.FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
	}
	if len(names) < 15 {
		t.Fatalf("%d tables only", len(names))
	}
	return names
}

// TestDeletedIsOverwritten: what a purge took away is not to be found in the file.
func TestDeletedIsOverwritten(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	s := f.open(t)
	storetest.Fill(t, s)
	rests := func() bool {
		t.Helper()
		s.Exec(t, `PRAGMA wal_checkpoint(TRUNCATE)`)
		content, err := os.ReadFile(f.database)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(content, []byte("sealed 4sealed 4")) // a request's mailbox, and its badge's
	}
	if !rests() {
		t.Fatal("the mailbox was never in the file")
	}
	if _, err := s.Purge(t.Context(), time.Now().AddDate(100, 0, 0), retention.Mailbox); err != nil {
		t.Fatal(err)
	}
	if rests() {
		t.Error("an erased mailbox rests in the file")
	}
}
