package years

import (
	"slices"
	"time"
)

// act is something that is going to happen.
type act struct {
	at   time.Time
	do   func()
	void func() bool // by then; nil: never
}

// plan is what is going to happen, in any order.
type plan []act

func (p *plan) add(at time.Time, do func()) { *p = append(*p, act{at: at, do: do}) }

// next takes what happens first, if that is before a time.
func (p *plan) next(before time.Time) (a act, ok bool) {
	*p = slices.DeleteFunc(*p, func(a act) bool { return a.void != nil && a.void() })
	if len(*p) == 0 {
		return act{}, false
	}
	first := slices.MinFunc(*p, func(a, b act) int { return a.at.Compare(b.at) })
	if !first.at.Before(before) {
		return act{}, false
	}
	i := slices.IndexFunc(*p, func(a act) bool { return a.at.Equal(first.at) })
	a = (*p)[i]
	*p = slices.Delete(*p, i, i+1)
	return a, true
}

// within gives a length of time from one to another, by chance.
func (y *years) within(from, to time.Duration) time.Duration {
	return from + time.Duration(y.chance.Int64N(int64(to-from)))
}
