package statuslist

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cocarde.example/verify"
)

// staleAfter is how long the board may be read without having seen the events:
// beyond it, somebody may have taken an attestation back without our knowing.
const staleAfter = 5 * time.Second

// ErrStale: the events could not be read for too long, so no status is known.
var ErrStale = errors.New("statuslist: statuses are stale")

// Board holds the status of every index in memory and follows the numbered
// events. It is safe for concurrent use.
type Board struct {
	store Store
	now   func() time.Time

	mu     sync.RWMutex
	lists  map[int64]*verify.StatusList
	loaded bool
	seq    int64     // the last event taken into account
	seenAt time.Time // when the events were last looked at
}

// NewBoard makes an empty board; the first Refresh fills it.
func NewBoard(s Store, now func() time.Time) *Board {
	return &Board{store: s, now: now, lists: map[int64]*verify.StatusList{}}
}

// Refresh takes into account what happened since the last one. An issuer with
// nothing new pays one read.
func (b *Board) Refresh(ctx context.Context) error {
	now := b.now()
	last, err := b.store.LastSeq(ctx)
	if err != nil {
		return fmt.Errorf("read last event: %w", err)
	}
	b.mu.RLock()
	loaded, seq := b.loaded, b.seq
	b.mu.RUnlock()
	if !loaded {
		return b.load(ctx, last, now)
	}
	var changes []Entry
	if last > seq {
		if changes, err = b.store.StatusChanges(ctx, seq, last); err != nil {
			return fmt.Errorf("read changes: %w", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.apply(changes); err != nil {
		return err
	}
	b.seq, b.seenAt = last, now
	return nil
}

// load reads everything. The entries are read after the event number, so a
// change between the two is taken twice, never missed.
func (b *Board) load(ctx context.Context, seq int64, now time.Time) error {
	lists, err := b.store.Lists(ctx)
	if err != nil {
		return fmt.Errorf("read lists: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range lists {
		entries, err := b.store.NotValid(ctx, l.Number)
		if err != nil {
			return fmt.Errorf("read list %d: %w", l.Number, err)
		}
		if err := b.apply(entries); err != nil {
			return err
		}
	}
	b.loaded, b.seq, b.seenAt = true, seq, now
	return nil
}

func (b *Board) apply(entries []Entry) (err error) {
	for _, e := range entries {
		l := b.lists[e.List]
		if l == nil {
			if l, err = verify.NewStatusList(Size); err != nil {
				return err
			}
			b.lists[e.List] = l
		}
		if err := l.Set(e.Index, e.Status); err != nil {
			return fmt.Errorf("list %d: %w", e.List, err)
		}
	}
	return nil
}

// Status gives the status of an index as of the last Refresh; ErrStale if that
// was too long ago, verify.ErrIndex if no list has such an index. An index that
// nothing was said about is valid.
func (b *Board) Status(list, index int64) (verify.Status, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if !b.loaded || b.now().Sub(b.seenAt) > staleAfter {
		return 0, ErrStale
	}
	if l := b.lists[list]; l != nil {
		return l.Status(index)
	}
	if index < 0 || index >= Size {
		return 0, verify.ErrIndex
	}
	return verify.Valid, nil
}

// at is the number of the last event taken into account.
func (b *Board) at() int64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.seq
}

// read gives f a list as it stands, with the event number that it stands at. f
// must not keep it.
func (b *Board) read(list int64, f func(*verify.StatusList) error) (seq int64, err error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	l := b.lists[list]
	if l == nil {
		if l, err = verify.NewStatusList(Size); err != nil {
			return 0, err
		}
	}
	return b.seq, f(l)
}
