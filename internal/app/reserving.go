package app

import (
	"context"
	"sync"

	"cocarde.example/attest"
	"cocarde.example/internal/record"
	"cocarde.example/internal/store"
)

// A process reserves few indices at first, since what it reserved and did not use
// is lost when its database is, and ever more while it issues.
const (
	firstReserved = 16
	mostReserved  = 1024
)

// reserving is a store whose free indices are recorded before they are given out,
// many at once: so issuing waits for the record once in many times.
type reserving struct {
	*store.Store
	record *record.Record

	mu      sync.Mutex
	list    int64
	indices []int64
	next    int // how many are reserved next
}

var _ attest.Store = (*reserving)(nil)

func newReserving(s *store.Store, r *record.Record) *reserving {
	return &reserving{Store: s, record: r, next: firstReserved}
}

// FreeIndex implements attest.IssueStore. An index that another process has taken
// meanwhile is passed over.
func (r *reserving) FreeIndex(ctx context.Context) (list, index int64, err error) {
	for {
		list, index, err := r.reserved(ctx)
		if err != nil {
			return 0, 0, err
		}
		if taken, err := r.Taken(ctx, list, index); err != nil || !taken {
			return list, index, err
		}
	}
}

func (r *reserving) reserved(ctx context.Context) (list, index int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.indices) == 0 {
		if err := r.reserve(ctx); err != nil {
			return 0, 0, err
		}
	}
	index, r.indices = r.indices[0], r.indices[1:]
	return r.list, index, nil
}

func (r *reserving) reserve(ctx context.Context) error {
	seq, err := r.LastSeq(ctx)
	if err != nil {
		return err
	}
	list, indices, err := r.FreeIndices(ctx, r.next)
	if err != nil {
		return err
	}
	if err := r.record.Reserve(seq, list, indices); err != nil {
		return err
	}
	r.list, r.indices, r.next = list, indices, min(2*r.next, mostReserved)
	return nil
}
