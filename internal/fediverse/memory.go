package fediverse

import "sync"

// memory keeps a value for each of a bounded number of keys. When it is full it
// forgets everything: what it holds only saves a request.
type memory[T any] struct {
	mu     sync.Mutex
	max    int
	values map[string]T
}

func newMemory[T any](max int) *memory[T] {
	return &memory[T]{max: max, values: map[string]T{}}
}

func (m *memory[T]) get(key string) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[key]
	return v, ok
}

func (m *memory[T]) set(key string, v T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.values) >= m.max {
		clear(m.values)
	}
	m.values[key] = v
}
