package app

import (
	"testing"
	"time"

	"cocarde.example/internal/store"
)

func TestClocksThatDisagree(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, onServer bool) {
		i := newIssuer(t, onServer) // by the machine's clock
		s, err := store.Open(t.Context(), store.Options{Database: i.Database})
		ok(t, err)
		for off, code := range map[time.Duration]string{
			0: "", 30 * time.Second: "", -30 * time.Second: "", 2 * time.Minute: "clock_wrong", -30 * time.Hour: "clock_wrong",
		} {
			i.wants(sameTime(t.Context(), s, func() time.Time { return time.Now().Add(off) }), code)
		}
		ok(t, s.Close())
	})
}
