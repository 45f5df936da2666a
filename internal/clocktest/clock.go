// Package clocktest has a clock for tests whose wall time may be set while it
// runs, as a clock's is by an operator or by NTP.
package clocktest

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// Clock runs as time.Now does, in a synctest bubble too. It is safe for
// concurrent use.
type Clock struct {
	start      time.Time
	ahead, set atomic.Int64 // nanoseconds
}

// New makes a clock that is right.
func New() *Clock { return &Clock{start: time.Now()} }

// Now is a reading with a monotonic part, which is always right.
func (c *Clock) Now() time.Time {
	ahead := time.Duration(c.ahead.Load())
	wall := time.Now().Add(ahead + time.Duration(c.set.Load()))
	return reading(wall, time.Since(c.start)+ahead)
}

// Advance lets time pass.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }

// Set makes the wall time wrong by d: ahead, or behind where d is negative. No
// time passes by it.
func (c *Clock) Set(d time.Duration) { c.set.Store(int64(d)) }

// reading makes a time with both parts. Package time lets nobody else do that, so
// this knows how it lays them out: a flag, 33 bits of seconds since 1885 and 30
// of nanoseconds; then the monotonic reading.
func reading(wall time.Time, monotonic time.Duration) time.Time {
	const flag, shift = 1 << 63, 30
	since1885 := wall.Unix() - time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	t := wall.Round(0)
	parts := (*struct {
		wall uint64
		ext  int64
	})(unsafe.Pointer(&t))
	parts.wall = flag | uint64(since1885)<<shift | uint64(wall.Nanosecond())
	parts.ext = int64(monotonic)
	return t
}
