package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// A badge that has ended by itself is told as ended, though its status stays as it is published.
func TestAnEndedBadgeIsToldAsEnded(t *testing.T) {
	t.Parallel()
	end := time.Date(2027, 5, 21, 10, 0, 0, 0, time.UTC)
	for status, states := range map[verify.Status][2]string{
		verify.Valid: {"valid", "ended"}, verify.Suspended: {"suspended", "ended"}, verify.Revoked: {"revoked", "revoked"},
	} {
		p := attest.Published{Badge: attest.Badge{ID: "b4d9e0000001", Status: status}, Attestation: attest.Attestation{ExpiresAt: end}}
		for n, now := range []time.Time{end.Add(-time.Second), end} {
			r := newRow(p, now)
			if r.Status != status.String() || string(r.State) != states[n] {
				t.Errorf("%s, at %v: %+v", status, now, r)
			}
			text, err := json.Marshal(r)
			if err != nil || !strings.Contains(string(text), `"state":"`+states[n]+`"`) {
				t.Errorf("%s, %v", text, err)
			}
			var table strings.Builder
			must(t, printTable(&table, []row{r}))
			if last := strings.Fields(table.String()); last[len(last)-2] != states[n] {
				t.Errorf("%s, at %v:\n%s", status, now, table.String())
			}
		}
	}
}
