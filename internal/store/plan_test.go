package store_test

import (
	"regexp"
	"strings"
	"testing"

	"cocarde.example/internal/store/storetest"
)

// growing are the tables that no statement may read from end to end.
var growing = regexp.MustCompile(`^SCAN (badges|b|attestations|a|status_entries|e|events|requests|sign_ins|artefacts|outbox|limits|mail_stops|apps)\b`)

// TestPlans holds every statement that the suite has used to the indexes, and to
// what both databases understand.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := newFile(t).open(t)
	storetest.Fill(t, s)
	storetest.Fill(t, s) // statements of transactions are kept from the first use on
	texts := s.Statements()
	if len(texts) < 40 {
		t.Fatalf("only %d statements were used", len(texts))
	}
	for _, text := range texts {
		for _, step := range s.Plan(t, text) {
			if growing.MatchString(step) && !strings.Contains(step, "USING COVERING INDEX events_unnumbered") &&
				!strings.Contains(step, "USING INDEX events_unnumbered") {
				t.Errorf("%s\n%s", step, text)
			}
		}
		if strings.ContainsAny(text, `?"[`) || strings.Contains(strings.ToLower(text), "insert or") {
			t.Errorf("not portable:\n%s", text)
		}
	}
}
