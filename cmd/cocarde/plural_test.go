package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"cocarde.example/internal/app"
	"cocarde.example/internal/store"
)

func TestRecoveryCounts(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{
		0: "events     0 were lost, and are back\nlost       0 attestations, which are revoked: their agents must ask anew\n" +
			"reserved   0 indices that may have been given out are revoked\n",
		1: "events     1 was lost, and is back\nlost       1 attestation, which is revoked: its agent must ask anew\n" +
			"reserved   1 index that may have been given out is revoked\n",
		2: "events     2 were lost, and are back\nlost       2 attestations, which are revoked: their agents must ask anew\n" +
			"reserved   2 indices that may have been given out are revoked\n",
	} {
		var out strings.Builder
		cmd := &cobra.Command{}
		cmd.SetOut(&out)
		printRecovery(cmd, app.Recovery{Replayed: store.Replayed{Events: n, Lost: n, Reserved: n}})
		if !strings.Contains(out.String(), want) {
			t.Errorf("%d: %s", n, out.String())
		}
	}
}

func TestCounted(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 badges", 1: "1 badge", 2: "2 badges"} {
		if got := counted(n, "badge", "badges"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
