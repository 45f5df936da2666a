package sandbox

import (
	"net"
	"sync"
)

// tracker is a listener that remembers its open connections, because go-smtp's
// Shutdown waits for clients for ever and cannot be hurried afterwards.
type tracker struct {
	net.Listener

	mu   sync.Mutex
	open map[net.Conn]struct{}
}

func newTracker(l net.Listener) *tracker {
	return &tracker{Listener: l, open: map[net.Conn]struct{}{}}
}

// Accept waits for the next connection.
func (t *tracker) Accept() (net.Conn, error) {
	c, err := t.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tracked := &trackedConn{c, t}
	t.mu.Lock()
	t.open[tracked] = struct{}{}
	t.mu.Unlock()
	return tracked, nil
}

// hangUp closes every open connection.
func (t *tracker) hangUp() {
	t.mu.Lock()
	var open []net.Conn
	for c := range t.open {
		open = append(open, c)
	}
	t.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
}

type trackedConn struct {
	net.Conn
	tracker *tracker
}

// Close closes the connection and forgets it.
func (c *trackedConn) Close() error {
	c.tracker.mu.Lock()
	delete(c.tracker.open, c)
	c.tracker.mu.Unlock()
	return c.Conn.Close()
}
