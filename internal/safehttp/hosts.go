package safehttp

import (
	"context"
	"sync"

	"golang.org/x/time/rate"
)

// What one server is asked of at most, however many strangers name it.
const (
	requestsPerSecond = 10
	requestBurst      = 40
	requestsAtOnce    = 8
	// rememberedHosts bounds the memory that strangers' host names take.
	rememberedHosts = 4096
)

// hosts counts what is under way with each host.
type hosts struct {
	mu     sync.Mutex
	byName map[string]*host
}

type host struct {
	users int // requests that wait or run; guarded by hosts.mu
	rate  *rate.Limiter
	slots chan struct{}
}

func newHosts() *hosts { return &hosts{byName: make(map[string]*host)} }

// enter waits for a place with the host, which is given back when ctx ends.
func (h *hosts) enter(ctx context.Context, name string) error {
	place := h.take(name)
	if place == nil {
		return ErrBusy
	}
	if err := place.rate.Wait(ctx); err != nil {
		h.give(place)
		return ErrBusy.Because(err)
	}
	select {
	case place.slots <- struct{}{}:
	case <-ctx.Done():
		h.give(place)
		return ErrBusy.Because(ctx.Err())
	}
	context.AfterFunc(ctx, func() {
		<-place.slots
		h.give(place)
	})
	return nil
}

// take finds or makes a host's counters; nil if there is room for no more.
func (h *hosts) take(name string) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	place := h.byName[name]
	if place == nil {
		if len(h.byName) >= rememberedHosts && !h.forget() {
			return nil
		}
		place = &host{
			rate:  rate.NewLimiter(requestsPerSecond, requestBurst),
			slots: make(chan struct{}, requestsAtOnce),
		}
		h.byName[name] = place
	}
	place.users++
	return place
}

func (h *hosts) give(place *host) {
	h.mu.Lock()
	place.users--
	h.mu.Unlock()
}

// forget drops the hosts with which nothing is under way.
func (h *hosts) forget() bool {
	for name, place := range h.byName {
		if place.users == 0 {
			delete(h.byName, name)
		}
	}
	return len(h.byName) < rememberedHosts
}
