package jobs_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		one := run(t, d, "one")
		synctest.Wait()
		two := run(t, d, "two")
		time.Sleep(time.Minute)
		synctest.Wait()
		if d.held() != "one" {
			t.Fatalf("%q holds the lease", d.held())
		}
		if _, wrote := two.work.counts(); wrote != 0 {
			t.Errorf("the other published %d times", wrote)
		}
		if refreshed, _ := two.work.counts(); refreshed < 200 {
			t.Errorf("the other looked %d times in a minute", refreshed)
		}
		one.stop() // gives it back: the other need not wait for its end
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if _, wrote := two.work.counts(); d.held() != "two" || wrote == 0 {
			t.Errorf("%q holds the lease, published %d times", d.held(), wrote)
		}
	})
}

// A holder that died is followed once its lease has ended; a holder that finds
// another in its place does nothing more.
func TestLeaseLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{holder: "dead", ends: time.Now().Add(10 * time.Second)}
		p := run(t, d, "one")
		time.Sleep(9 * time.Second)
		synctest.Wait()
		if _, wrote := p.work.counts(); wrote != 0 {
			t.Errorf("published %d times without the lease", wrote)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if d.held() != "one" {
			t.Fatalf("%q holds the lease", d.held())
		}
		d.mu.Lock()
		d.holder, d.ends = "thief", time.Now().Add(time.Hour)
		d.mu.Unlock()
		time.Sleep(4 * time.Second)
		synctest.Wait()
		_, before := p.work.counts()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if _, after := p.work.counts(); after != before {
			t.Error("it went on without the lease")
		}
		p.stop()
		if d.held() != "thief" {
			t.Error("it gave another's lease back")
		}
	})
}

// Where nothing can be written, statuses are followed all the same; the log is
// told once a minute, not four times a second.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		p := run(t, d, "one")
		time.Sleep(time.Second)
		d.breaks("Lease", errors.New("storage_full"))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		before, wrote := p.work.counts()
		time.Sleep(90 * time.Second)
		synctest.Wait()
		after, wroteLater := p.work.counts()
		if after-before < 300 || wroteLater != wrote {
			t.Errorf("looked %d times, published %d times without a lease", after-before, wroteLater-wrote)
		}
		if n := strings.Count(p.log.String(), "periodic work failed"); n < 2 || n > 3 {
			t.Errorf("the log says so %d times in two minutes", n)
		}
		d.breaks("Lease", nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if _, again := p.work.counts(); again == wrote {
			t.Error("it did not go on")
		}
	})
}

// Events that cannot be numbered may hide a revocation: then nobody is told that
// statuses are known.
func TestUnnumbered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		d.breaks("NumberEvents", errors.New("storage_busy"))
		p := run(t, d, "one")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if refreshed, _ := p.work.counts(); refreshed != 0 {
			t.Errorf("looked %d times", refreshed)
		}
		select {
		case <-p.Ready():
			t.Error("ready")
		default:
		}
		d.breaks("NumberEvents", nil)
		time.Sleep(time.Second)
		synctest.Wait()
		<-p.Ready()
	})
}

func TestBeatGoesOnAfterErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		p := run(t, d, "one")
		<-p.Ready()
		p.work.mu.Lock()
		p.work.err = errors.New("away")
		p.work.mu.Unlock()
		time.Sleep(time.Second)
		p.work.mu.Lock()
		p.work.err = nil
		p.work.mu.Unlock()
		_, before := p.work.counts()
		time.Sleep(time.Second)
		synctest.Wait()
		if _, after := p.work.counts(); after-before < 3 {
			t.Errorf("published %d times in a second", after-before)
		}
	})
}

// Whatever has ended goes within ten minutes; what is too much for one beat goes
// in the next ones, between which everything else is done.
func TestPurge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		began := time.Now()
		p := run(t, d, "one")
		time.Sleep(29 * time.Minute)
		d.mu.Lock()
		d.ended = 3
		d.mu.Unlock()
		time.Sleep(2 * time.Minute)
		p.stop()
		if d.mailboxes != 30*24*time.Hour {
			t.Errorf("mailboxes are kept for %v", d.mailboxes)
		}
		want := []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, 30 * time.Minute, 30 * time.Minute}
		if len(d.purged) != len(want) {
			t.Fatalf("purged %d times, want %d", len(d.purged), len(want))
		}
		for i, at := range d.purged {
			if late := at.Sub(began) - want[i]; late < 0 || late > time.Second {
				t.Errorf("purged after %v, want %v", at.Sub(began), want[i])
			}
		}
	})
}
