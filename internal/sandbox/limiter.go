package sandbox

import (
	"sync"
	"time"
)

// limiter counts acts of an address within a sliding window.
type limiter struct {
	max    int
	window time.Duration

	mu   sync.Mutex
	seen map[string][]time.Time
}

func newLimiter(limit int, window time.Duration) *limiter {
	return &limiter{max: limit, window: window, seen: map[string][]time.Time{}}
}

// allow counts one act, unless the window is full already.
func (l *limiter) allow(address string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	var recent []time.Time
	for _, t := range l.seen[address] {
		if now.Sub(t) < l.window {
			recent = append(recent, t)
		}
	}
	allowed := len(recent) < l.max
	if allowed {
		recent = append(recent, now)
	}
	l.seen[address] = recent
	return allowed
}
