package attest_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets rapid try fewer cases than by default: each is a walk through a
// real database. The flag -rapid.checks still prevails.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
