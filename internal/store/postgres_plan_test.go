package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cocarde.example/internal/store/storetest"
)

// scanned finds the tables that a plan reads from end to end though it was told to
// avoid that, and subqueries that are not joined: of those it may hash a whole table.
var (
	scanned   = regexp.MustCompile(`Seq Scan on (badges|attestations|status_entries|events|requests|sign_ins|artefacts|outbox|limits|mail_stops|apps)\b|SubPlan`)
	parameter = regexp.MustCompile(`\$\d+`)
)

// TestPostgresPlans holds every statement of the suite to the indexes.
func TestPostgresPlans(t *testing.T) {
	t.Parallel()
	d := newOnServer(t)
	s := d.open(t)
	storetest.Fill(t, s)
	storetest.Fill(t, s) // statements of transactions are kept from the first use on
	texts := s.Statements()
	if len(texts) < 40 {
		t.Fatalf("only %d statements were used", len(texts))
	}
	conn := beside(t, d.database)
	execute(t, conn, `SET enable_seqscan = off`, `SET plan_cache_mode = force_generic_plan`)
	for n, text := range texts {
		given := parameter.FindAllString(text, -1)
		slices.Sort(given)
		nulls := strings.TrimSuffix(strings.Repeat("NULL,", len(slices.Compact(given))), ",")
		if nulls != "" {
			nulls = "(" + nulls + ")"
		}
		execute(t, conn, fmt.Sprintf("PREPARE p%d AS %s", n, text))
		rows, err := conn.QueryContext(t.Context(), fmt.Sprintf("EXPLAIN EXECUTE p%d%s", n, nulls))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for rows.Next() {
			var step string
			if err := rows.Scan(&step); err != nil {
				t.Fatal(err)
			}
			if scanned.MatchString(step) {
				t.Errorf("%s\n%s", step, text)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
}
