package api

import (
	"sync"
	"time"
)

// sayAgain is after how long the log is told the same again.
const sayAgain = time.Minute

// said is when the log was last told of each code.
type said struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// due says whether the log is to be told of a code now, and notes that it was.
func (s *said) due(code string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, told := s.last[code]; told && now.Sub(last) < sayAgain {
		return false
	}
	if s.last == nil {
		s.last = make(map[string]time.Time)
	}
	s.last[code] = now
	return true
}
