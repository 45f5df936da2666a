package statuslist_test

import (
	"errors"
	"testing"
	"time"

	"cocarde.example/internal/clocktest"
	"cocarde.example/internal/statuslist"
	"cocarde.example/verify"
)

// Whenever the clock is set, what is published is soon believed by whoever goes
// by that clock, and says the same.
func TestPublishClockSet(t *testing.T) {
	t.Parallel()
	m, s, c := newMemory(), newSigner(t), clocktest.New()
	p := newPress(m, s, c)
	p.beat(t)
	m.happen(statuslist.Entry{List: 1, Index: 7, Status: verify.Revoked})
	p.beat(t)
	for _, wrong := range []time.Duration{time.Hour, 0, -time.Hour, 0, 24 * time.Hour, 0, -24 * time.Hour, 0, 61 * time.Minute, time.Minute} {
		for _, restarted := range []bool{false, true} {
			if c.Set(wrong); restarted {
				p = newPress(m, s, c)
			}
			p.beat(t)
			if got, err := published(t, m, s, 1, c.Now()).Status(7); err != nil || got != verify.Revoked {
				t.Errorf("set to %v: %v, %v", wrong, got, err)
			}
		}
	}
	saved := m.saved
	c.Set(time.Minute - time.Second) // as NTP does: others may have the list already, and refuse an older one
	p.beat(t)
	signed := m.artefacts["/status/1"].SignedAt
	m.happen(statuslist.Entry{List: 1, Index: 8, Status: verify.Revoked})
	p.beat(t)
	if m.saved != saved+1 || m.artefacts["/status/1"].SignedAt.Before(signed) {
		t.Errorf("signed %d times; the last is of %v, the former of %v", m.saved-saved, m.artefacts["/status/1"].SignedAt, signed)
	}
}

// What another process published by a clock that is ahead is signed anew by the
// next that holds the lease.
func TestPublishOtherClock(t *testing.T) {
	t.Parallel()
	m, s := newMemory(), newSigner(t)
	right, ahead := clocktest.New(), clocktest.New()
	ahead.Set(2 * time.Hour)
	one, other := newPress(m, s, right), newPress(m, s, ahead)
	one.beat(t)
	other.beat(t)
	if _, err := verify.VerifyStatusList(string(m.artefacts["/status/1"].Body), s.issuer, issuer+"/status/1", right.Now()); err == nil {
		t.Fatal("a list from the future is believed")
	}
	right.Advance(6 * time.Second)
	one.beat(t)
	published(t, m, s, 1, right.Now())
}

// A clock that is set makes the board neither stale nor young again.
func TestBoardClockSet(t *testing.T) {
	t.Parallel()
	m, c := newMemory(), clocktest.New()
	b := statuslist.NewBoard(m, c.Now)
	must(t, b.Refresh(t.Context()))
	for _, wrong := range []time.Duration{time.Hour, -time.Hour} {
		c.Set(wrong)
		if _, err := b.Status(1, 1); err != nil {
			t.Errorf("set by %v: %v", wrong, err)
		}
	}
	c.Advance(6 * time.Second)
	if _, err := b.Status(1, 1); !errors.Is(err, statuslist.ErrStale) {
		t.Errorf("%v", err)
	}
}
