package torture

import (
	"flag"
	"fmt"
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
	var err error
	if binary.dir, err = os.MkdirTemp("", "torture-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(binary.dir)
		os.Exit(code)
	}))
}
