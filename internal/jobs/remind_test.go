package jobs_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestReminding: beat by beat while there is more, and then every 10 minutes; one that
// fails is tried again, and holds up nothing else.
func TestReminding(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		var broken atomic.Bool
		d := &database{}
		p := runReminding(t, d, "one", func() (bool, error) {
			if broken.Load() {
				return false, errors.New("storage_busy")
			}
			return sent.Add(1) < 5, nil
		})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := sent.Load(); n != 5 {
			t.Errorf("reminded %d times at once, want 5", n)
		}
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		if n := sent.Load(); n != 5 {
			t.Errorf("reminded %d times before the time has come", n)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := sent.Load(); n != 6 {
			t.Errorf("reminded %d times, want 6", n)
		}
		broken.Store(true)
		_, before := p.work.counts()
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		if _, after := p.work.counts(); after-before < 1000 {
			t.Errorf("published %d times while nobody could be reminded", after-before)
		}
		broken.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if n := sent.Load(); n != 7 {
			t.Errorf("reminded %d times, want 7", n)
		}
	})
}
