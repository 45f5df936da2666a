package statuslist_test

import (
	"errors"
	"testing"
	"time"

	"cocarde.example/internal/statuslist"
	"cocarde.example/verify"
)

func TestBoardFollows(t *testing.T) {
	t.Parallel()
	m, c := newMemory(), &clock{now: began}
	m.happen(statuslist.Entry{List: 1, Index: 7, Status: verify.Suspended}, statuslist.Entry{List: 1, Index: 9, Status: verify.Revoked})
	b := statuslist.NewBoard(m, c.Now)
	if _, err := b.Status(1, 7); !errors.Is(err, statuslist.ErrStale) {
		t.Errorf("before it was filled: %v", err)
	}
	must(t, b.Refresh(t.Context()))
	want := func(list, index int64, status verify.Status) {
		t.Helper()
		if got, err := b.Status(list, index); err != nil || got != status {
			t.Errorf("status %d/%d: %v, %v; want %v", list, index, got, err, status)
		}
	}
	want(1, 7, verify.Suspended)
	want(1, 9, verify.Revoked)
	want(1, 8, verify.Valid)
	want(2, 7, verify.Valid)

	m.happen(statuslist.Entry{}, statuslist.Entry{List: 1, Index: 7, Status: verify.Valid}, statuslist.Entry{List: 3, Index: 0, Status: verify.Revoked})
	want(1, 7, verify.Suspended) // not before it is refreshed
	must(t, b.Refresh(t.Context()))
	want(1, 7, verify.Valid)
	want(3, 0, verify.Revoked)
	must(t, b.Refresh(t.Context()))
	want(1, 9, verify.Revoked)
}

func TestBoardBounds(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.happen(statuslist.Entry{List: 1, Index: 7, Status: verify.Suspended})
	b := statuslist.NewBoard(m, func() time.Time { return began })
	must(t, b.Refresh(t.Context()))
	for _, list := range []int64{1, 2} {
		for _, index := range []int64{-1, statuslist.Size, 1 << 40} {
			if s, err := b.Status(list, index); !errors.Is(err, verify.ErrIndex) {
				t.Errorf("status %d/%d: %v, %v", list, index, s, err)
			}
		}
		if _, err := b.Status(list, statuslist.Size-1); err != nil {
			t.Error(err)
		}
	}
}

// Without a look at the events for 5 s nobody knows what was taken back.
func TestBoardStale(t *testing.T) {
	t.Parallel()
	m, c := newMemory(), &clock{now: began}
	b := statuslist.NewBoard(m, c.Now)
	must(t, b.Refresh(t.Context()))
	c.pass(5 * time.Second)
	if _, err := b.Status(1, 1); err != nil {
		t.Error(err)
	}
	broken := errors.New("the database is away")
	m.fail(broken)
	if err := b.Refresh(t.Context()); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	c.pass(time.Millisecond)
	if _, err := b.Status(1, 1); !errors.Is(err, statuslist.ErrStale) {
		t.Errorf("%v", err)
	}
	m.fail(nil)
	must(t, b.Refresh(t.Context()))
	if _, err := b.Status(1, 1); err != nil {
		t.Error(err)
	}
}

// A board that could not be filled the first time is filled the next.
func TestBoardFilledLate(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.happen(statuslist.Entry{List: 1, Index: 7, Status: verify.Revoked})
	m.fail(errors.New("away"))
	b := statuslist.NewBoard(m, func() time.Time { return began })
	if b.Refresh(t.Context()) == nil {
		t.Error("refreshed from nothing")
	}
	if _, err := b.Status(1, 7); !errors.Is(err, statuslist.ErrStale) {
		t.Errorf("%v", err)
	}
	m.fail(nil)
	must(t, b.Refresh(t.Context()))
	if s, err := b.Status(1, 7); err != nil || s != verify.Revoked {
		t.Errorf("%v, %v", s, err)
	}
}
