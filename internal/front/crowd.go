package front

import (
	"net/http"
	"sync"
)

// enter lets a request in if there is room, for its client too: nobody may take
// all of it by sending slowly. Probes always get in, or a crowd would look like a
// failure. leave is to be called in any case.
func (f *front) enter(r *http.Request) (leave func(), ok bool) {
	if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
		return func() {}, true
	}
	key := ClientKey(r)
	total, own := f.running.Add(1), f.clients.add(key, 1)
	leave = func() {
		f.running.Add(-1)
		f.clients.add(key, -1)
	}
	return leave, total <= f.MaxConcurrent && own <= max(1, f.MaxConcurrent/clientShare)
}

// clients counts the requests under way of each client that has any.
type clients struct {
	mu    sync.Mutex
	under map[string]int64
}

func (c *clients) add(key string, n int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.under == nil {
		c.under = map[string]int64{}
	}
	c.under[key] += n
	now := c.under[key]
	if now == 0 {
		delete(c.under, key)
	}
	return now
}
