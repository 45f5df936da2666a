package years

import (
	"slices"
	"testing"

	"cocarde.example/verify"
)

// What is counted beside the verdicts of strangers, which are counted by their codes.
const (
	renewal   = "renewal"
	erasure   = "erasure"
	reminder  = "reminder"
	keyTurn   = "key that took its turn by schedule"
	keyByHand = "key that took its turn by hand, or from a revoked one"
	keyGone   = "key that left the JWKS"
	keyLoss   = "badge that went with a key"
	restart   = "restart"
	noAnswer  = "look while the server was stopped"
)

// tally counts what has happened.
type tally map[string]int

// enough fails unless everything has happened: a plan under which no key is revoked says
// nothing of revoked keys.
func (c tally) enough(t *testing.T) {
	t.Helper()
	all := []string{
		renewal, erasure, reminder, keyTurn, keyByHand, keyGone, keyLoss, restart, noAnswer,
		string(verify.Expired), string(verify.StatusSuspended), string(verify.StatusRevoked), string(verify.KeyRevoked), string(verify.KeyNotFound),
	}
	slices.Sort(all)
	for _, what := range all {
		t.Logf("%5d × %s", c[what], what)
		if c[what] == 0 {
			t.Errorf("no %s has happened: live longer, or by another seed", what)
		}
	}
}
