package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// bar shows on a terminal how far something is; elsewhere it shows nothing.
type bar struct {
	out   io.Writer
	what  string
	shown time.Time
}

const barWidth = 30

func newBar(cmd *cobra.Command, what string) *bar {
	b := &bar{what: what, out: io.Discard}
	if f, ok := cmd.ErrOrStderr().(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			b.out = f
		}
	}
	return b
}

// tell implements store.Progress.
func (b *bar) tell(done, total int64) {
	now := time.Now()
	if b.out == io.Discard || total <= 0 || now.Sub(b.shown) < time.Second/5 && done < total {
		return
	}
	b.shown = now
	full := int(barWidth * min(done, total) / total)
	fmt.Fprintf(b.out, "\r%s [%s%s] %3d %%  %d of %d MiB", b.what, strings.Repeat("#", full), strings.Repeat(".", barWidth-full),
		100*min(done, total)/total, done>>20, total>>20)
}

func (b *bar) end() {
	if !b.shown.IsZero() {
		fmt.Fprintln(b.out)
	}
}
