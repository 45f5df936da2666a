package clocktest

import (
	"testing"
	"testing/synctest"
	"time"
)

// This fails where package time lays its readings out otherwise.
func TestClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := New()
		before := c.Now()
		if !before.Equal(time.Now()) || before.Location() != time.Local {
			t.Errorf("it reads %v at %v", before, time.Now())
		}
		for _, wrong := range []time.Duration{0, time.Hour, -time.Hour, -30 * 24 * time.Hour, 1500 * time.Millisecond} {
			c.Set(wrong)
			time.Sleep(time.Second)
			c.Advance(2 * time.Second)
			now := c.Now()
			if passed, shown := now.Sub(before), time.Until(now.Round(0)); passed != 3*time.Second || shown != wrong+c.passed() {
				t.Errorf("set by %v: %v passed, and it is wrong by %v", wrong, passed, shown)
			}
			before = now
		}
	})
	real := New()
	before := real.Now()
	real.Set(time.Hour)
	if passed := real.Now().Sub(before); passed < 0 || passed > time.Minute {
		t.Errorf("%v passed", passed)
	}
}

// passed is the time that was let pass by Advance.
func (c *Clock) passed() time.Duration { return time.Duration(c.ahead.Load()) }
