package torture

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

var (
	kills = flag.Int("kills", 16, "how many processes and servers to kill, over all databases")
	seed  = flag.Uint64("seed", 0, "the first round's seed; 0 for one by chance")
)

// TestMain runs the tests or, in a process that the tests started, a role.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	goleak.VerifyTestMain(m)
}
