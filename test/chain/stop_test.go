package chain

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"cocarde.example/internal/sandbox"
	"cocarde.example/verify"
)

// gate is a listener whose connections can be kept from reading.
type gate struct {
	net.Listener
	mu      sync.Mutex
	open    chan struct{} // nil unless it is closed
	arrived chan struct{} // closed when somebody waits
}

func newGate(t *testing.T) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &gate{Listener: l}
}

// Close implements net.Listener.
func (g *gate) Close() error {
	g.release()
	return g.Listener.Close()
}

// hold lets nothing through any more; arrived is closed once something comes.
func (g *gate) hold() (arrived <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.arrived = make(chan struct{}), make(chan struct{})
	return g.arrived
}

func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open != nil {
		close(g.open)
		g.open = nil
	}
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	c, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return gated{c, g}, nil
}

type gated struct {
	net.Conn
	gate *gate
}

// Read implements net.Conn.
func (c gated) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.gate.mu.Lock()
	open := c.gate.open
	if open != nil && c.gate.arrived != nil {
		close(c.gate.arrived)
		c.gate.arrived = nil
	}
	c.gate.mu.Unlock()
	if open != nil {
		<-open
	}
	return n, err
}

// beginPost sends a request without its body, and returns once the issuer waits
// for that; finish sends it and gives the answer.
func (w *world) beginPost(t *testing.T, path, body string) (finish func() *http.Response) {
	t.Helper()
	c, err := net.Dial("tcp", w.app.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	in := bufio.NewReader(c)
	fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: cocarde.localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", path, len(body))
	if a, err := http.ReadResponse(in, nil); err != nil || a.StatusCode != http.StatusContinue {
		t.Fatalf("the issuer does not wait for the body: %v", err)
	}
	return func() *http.Response {
		t.Helper()
		fmt.Fprint(c, body)
		a, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

// refusesConnections waits until the issuer takes no more.
func (w *world) refusesConnections(t *testing.T) {
	t.Helper()
	eventually(t, patience, func() error {
		c, err := net.Dial("tcp", w.app.Addr())
		if err == nil {
			c.Close()
			return errors.New("the issuer still takes connections")
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
		return nil
	})
}

// Whoever signs in, and the mail that is being sent, are served to the end, and
// statuses are known until then.
func TestWhatIsUnderWayIsFinishedAtShutdown(t *testing.T) {
	t.Parallel()
	mails, slow := newGate(t), newGate(t)
	w := newWorld(t, func(s *setup) { s.mailbox.Listener = mails })
	issued := w.agent(t, w.instance(t)).attested()
	signing, mailed := w.agent(t, w.instance(t, sandbox.InstanceOptions{Listener: slow})), w.agent(t, w.instance(t))
	signing.begin()
	callback := signing.signIn()
	mailed.begin()
	sending := mails.hold()
	mailed.proveAccount()
	<-sending
	asked := slow.hold()
	page := make(chan answer, 1)
	go func() {
		defer close(page)
		page <- signing.visit(callback, signing.cookie)
	}()
	<-asked
	check := w.beginPost(t, "/v1/verify", `{"attestation":"`+issued.Public+`"}`)

	w.halt()
	w.refusesConnections(t)
	for range 2 { // after the second the board has been looked at since the first
		until := w.number(t, `SELECT ends_at FROM leases`)
		w.clock.advance(8 * time.Second)
		eventually(t, patience, func() error {
			if w.number(t, `SELECT ends_at FROM leases`) == until {
				return errors.New("the lease is not renewed")
			}
			return nil
		})
	}
	var r verify.Report
	a := check()
	if err := json.NewDecoder(a.Body).Decode(&r); err != nil {
		t.Fatal(err)
	}
	mustHold(t, r)
	if !a.Close {
		t.Error("the connection is kept")
	}

	slow.release()
	if got, ok := <-page; ok { // else the test has failed already
		got.want(http.StatusOK)
	}
	mails.release()
	if err := w.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if n := len(w.mailbox.Messages(mailed.mailbox)); n != 1 || w.number(t, `SELECT count(*) FROM outbox WHERE request_id = $1`, mailed.id) != 0 {
		t.Errorf("%d mails came, or it is kept to be sent again", n)
	}
	if n := w.number(t, `SELECT count(*) FROM requests WHERE id = $1 AND state = 'awaiting_mailbox_proof'`, signing.id); n != 1 {
		t.Error("the account proof was lost")
	}
	if n := w.number(t, `SELECT count(*) FROM leases`); n != 0 {
		t.Error("the lease was not given back")
	}
}
