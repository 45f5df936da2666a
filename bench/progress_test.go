package bench

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// progress tells on the standard error how far something long has come: a bar on a
// terminal, a line for each tenth elsewhere.
type progress struct {
	what  string
	after string // what is left to do once all is done that counts
	total int64
	done  atomic.Int64
	began time.Time
}

// show draws until the channel closes, then says how long it took.
func (p *progress) show(end <-chan struct{}) {
	info, err := os.Stderr.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	p.began = time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	said := int64(-1)
	for {
		percent := p.done.Load() * 100 / p.total
		switch {
		case terminal:
			fmt.Fprint(os.Stderr, "\r\x1b[K", p.line(percent))
		case percent/10 != said/10:
			said = percent
			fmt.Fprintln(os.Stderr, p.line(percent))
		}
		select {
		case <-tick.C:
		case <-end:
			if terminal {
				fmt.Fprint(os.Stderr, "\r\x1b[K")
			}
			fmt.Fprintf(os.Stderr, "%s took %v\n", p.what, p.spent())
			return
		}
	}
}

func (p *progress) line(percent int64) string {
	const width = 40
	filled := int(percent * width / 100)
	text := fmt.Sprintf("%s [%s%s] %3d %% %v", p.what, strings.Repeat("=", filled), strings.Repeat(" ", width-filled), percent, p.spent())
	if percent == 100 {
		text += ", " + p.after
	}
	return text
}

func (p *progress) spent() time.Duration { return time.Since(p.began).Round(time.Second) }
