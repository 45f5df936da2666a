package verify

import (
	"strings"
	"sync"
)

// seen remembers tokens that held, in two generations: when the young one has
// filled half of the bounds it becomes the old one, and the former old one is
// dropped. What is asked for again moves to the young one. Only what a trusted
// issuer signed gets in, and of one JWS at most a few forms hold, so that strangers
// can neither fill it with garbage nor make it grow.
type seen struct {
	maxTokens, maxBytes int // of one generation

	mu         sync.RWMutex
	young, old map[string]*believed
	youngBytes int
}

// overhead is about what an entry takes beside its token, in bytes.
const overhead = 1024

func newSeen(maxTokens, maxBytes int) *seen {
	return &seen{
		maxTokens: max(1, maxTokens/2), maxBytes: maxBytes / 2,
		young: map[string]*believed{},
	}
}

func (s *seen) get(token string) *believed {
	s.mu.RLock()
	b, young := s.young[token]
	if !young {
		b = s.old[token]
	}
	s.mu.RUnlock()
	if b != nil && !young {
		s.put(token, b)
	}
	return b
}

func (s *seen) put(token string, b *believed) {
	size := len(token) + overhead
	if size > s.maxBytes {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.young[token]; ok {
		s.young[token] = b
		return
	}
	if len(s.young) >= s.maxTokens || s.youngBytes+size > s.maxBytes {
		s.old, s.young, s.youngBytes = s.young, map[string]*believed{}, 0
	}
	s.young[strings.Clone(token)] = b // not a slice of some larger body
	s.youngBytes += size
}
