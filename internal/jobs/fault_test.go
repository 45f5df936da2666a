package jobs_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// What happened is numbered and seen while the lease is that of a process which
// was killed; the rest waits for the lease to end.
func TestHolderKilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{holder: "killed", ends: time.Now().Add(10 * time.Second)}
		p := run(t, d, "one")
		time.Sleep(time.Second)
		synctest.Wait()
		refreshed, wrote := p.work.counts()
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.numbered < 4 || refreshed < 4 || wrote != 0 {
			t.Errorf("numbered %d, looked %d, published %d times in a second", d.numbered, refreshed, wrote)
		}
	})
}

// A clock that is set changes nothing of what this process does when.
func TestClockSet(t *testing.T) {
	t.Parallel()
	for _, wrong := range []time.Duration{time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			d := &database{}
			p := run(t, d, "one")
			time.Sleep(time.Minute + 100*time.Millisecond) // between two beats
			synctest.Wait()
			leased, _ := d.asked()
			p.clock.Set(wrong)
			_, before := p.work.counts()
			time.Sleep(30 * time.Second)
			synctest.Wait()
			if now, purged := d.asked(); now != leased+10 || purged != 1 {
				t.Errorf("%v: asked for the lease %d times in 30 s, purged %d times", wrong, now-leased, purged)
			}
			if _, after := p.work.counts(); after != before+120 {
				t.Errorf("%v: published %d times in 30 s", wrong, after-before)
			}
			d.breaks("Lease", errors.New("away"))
			time.Sleep(11 * time.Second)
			d.mail(t, 1, letter, 48*time.Hour)
			time.Sleep(time.Minute)
			synctest.Wait()
			if _, tries := p.server.seen(); tries != 0 {
				t.Errorf("%v: it sent mail without the lease", wrong)
			}
		})
	}
}

// Somebody who writes for long keeps nobody from looking often enough.
func TestLocked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{locked: true}
		p := run(t, d, "one")
		time.Sleep(time.Minute)
		synctest.Wait()
		if refreshed, _ := p.work.counts(); refreshed < 20 {
			t.Errorf("looked %d times in a minute", refreshed)
		}
	})
}

// asked gives how often the lease was asked for, and how often was purged.
func (d *database) asked() (leased, purged int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.leased, len(d.purged)
}
