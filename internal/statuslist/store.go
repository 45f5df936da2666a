package statuslist

import (
	"context"
	"time"

	"cocarde.example/verify"
)

// Size is the number of indices in a list.
const Size = 1 << 20

// List is one status list that is still served.
type List struct {
	Number int64 // 1, 2, 3 …: the last part of its URI
	Size   int64
}

// Entry is the status of one index; indices without one are valid.
type Entry struct {
	List, Index int64
	Status      verify.Status
}

// Artefact is something published, signed once: the same bytes from every process.
type Artefact struct {
	Path        string // "/status/1"
	ContentType string
	Body        []byte
	SignedAt    time.Time
	ExpiresAt   time.Time
	Seq         int64 // the last event that it takes into account
}

// Store is what this package needs of the database.
type Store interface {
	// Lists gives every list, oldest first. There is always one.
	Lists(ctx context.Context) ([]List, error)
	// NotValid gives the entries of a list whose status is not valid.
	NotValid(ctx context.Context, list int64) ([]Entry, error)
	// LastSeq gives the number of the last numbered event, 0 if there is none.
	LastSeq(ctx context.Context) (int64, error)
	// StatusChanges gives what the numbered events in (after, upTo] changed, in
	// their order.
	StatusChanges(ctx context.Context, after, upTo int64) ([]Entry, error)
	// Artefact gives what was published last at a path; ok is false if nothing was.
	Artefact(ctx context.Context, path string) (a Artefact, ok bool, err error)
	// SaveArtefact publishes, unless what stands there has a greater Seq, or the
	// same and was signed later, by no more than verify.MaxAhead: what was signed later
	// still is by a clock that was wrong, and nobody believes it.
	SaveArtefact(ctx context.Context, a Artefact) error
}
