package torture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"cocarde.example/internal/sandbox"
)

// world is what a round takes place in.
type world struct {
	ground   ground
	dir      string
	sandbox  *sandbox.Sandbox
	browser  *http.Client
	journal  *journal
	fleet    *fleet
	servers  []*server
	auditors []*auditor
	thorough bool // each deed is done in any case, whatever the dice say
	aim      aim
	secret   sync.RWMutex // held by who opens the issuer, and alone by who changes its secret file
	formers  int          // secret files that were replaced
	serial   atomic.Int64
	cut      atomic.Int64 // calls and acts that got no answer
	struck   atomic.Int64 // commands that were killed
}

func newWorld(ctx context.Context, g ground, dir string) (*world, error) {
	s, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		return nil, err
	}
	w := &world{
		ground: g, dir: dir, sandbox: s, browser: sandbox.LoopbackClient(), journal: newJournal(), fleet: newFleet(),
	}
	for i := range g.servers() {
		w.servers = append(w.servers, &server{world: w, number: i})
	}
	return w, nil
}

// settings are those of a process, which the database may know by its name.
func (w *world) settings(name string) []string {
	return []string{
		"COCARDE_ADDR=127.0.0.1:0",
		"COCARDE_URL=" + origin,
		"COCARDE_DATA_DIR=" + filepath.Join(w.dir, name),
		"COCARDE_SECRET_FILE=" + w.secretFile(),
		"COCARDE_PUBLISHED_DIR=" + filepath.Join(w.dir, "published"),
		"COCARDE_DATABASE=" + w.ground.database(name),
		"COCARDE_SMTP_URL=smtp://" + w.sandbox.Mailbox.Addr(),
		"COCARDE_RESOLVER=" + w.sandbox.Resolver.Addr(),
	}
}

// secretFile is the secret file in use.
func (w *world) secretFile() string { return filepath.Join(w.dir, "secret") }

// send sends a request once, to any server. The only failure that a server may
// answer with is that clients should come back.
func (w *world) send(ctx context.Context, method, path, body string, headers ...string) (answer, error) {
	got, err := w.fleet.send(ctx, method, path, body, headers...)
	if err != nil && ctx.Err() == nil {
		w.cut.Add(1)
	}
	if err == nil && got.status >= 500 && (got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "") {
		w.journal.lose("%s %s: %d, Retry-After %q: %s", method, path, got.status, got.header.Get("Retry-After"), got.body)
	}
	return got, err
}

// close ends whatever still runs. A server that nobody kills ends well.
func (w *world) close() error {
	errs := []error{w.sandbox.Close()}
	for _, s := range w.servers {
		if s.process != nil && !s.process.gone() {
			errs = append(errs, s.end())
		}
	}
	return errors.Join(errs...)
}

// server is one of the round's, through all its processes.
type server struct {
	*world
	number  int
	process *process // the latest
}

func (s *server) spawn() (err error) {
	s.process, err = spawn(roleServer, s.settings("server-"+strconv.Itoa(s.number)))
	return err
}

// start starts the server and waits until it serves and has published.
func (s *server) start(ctx context.Context) error {
	s.secret.RLock()
	defer s.secret.RUnlock()
	if err := s.spawn(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	addr, err := s.process.hears(ctx, sayUp)
	if err == nil {
		s.fleet.rise(s.number, addr)
		_, err = s.process.hears(ctx, sayReady)
	}
	if err != nil {
		s.process.kill()
		return fmt.Errorf("server %d does not start: %w: %s", s.number, err, s.process.how())
	}
	return nil
}

// end has the server end by itself.
func (s *server) end() error {
	s.process.stop()
	select {
	case <-s.process.ended:
	case <-time.After(patience):
		s.process.kill()
	}
	if !s.process.cmd.ProcessState.Success() {
		return fmt.Errorf("server %d does not end well: %s", s.number, s.process.how())
	}
	return nil
}

// kill kills the server's process, whatever it is at.
func (s *server) kill() {
	s.process.kill()
	s.fleet.fall(s.number)
}

// The steps at which somebody can be killed on purpose.
const (
	atBegin    = "begin"
	atSignIn   = "sign-in"
	atCode     = "code"
	atIssue    = "issue"
	atAct      = "act"
	atWithdraw = "withdraw"
	atErase    = "erase"
	atKeys     = "keys"
)

var steps = []string{atBegin, atSignIn, atCode, atIssue, atAct, atWithdraw, atErase, atKeys}

// aim lets the killer wait for somebody's next step of a kind.
type aim struct {
	mu   sync.Mutex
	kind string
	hit  chan struct{}
}

// next gives a channel that is closed at the next step of the kind.
func (m *aim) next(kind string) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kind, m.hit = kind, make(chan struct{})
	return m.hit
}

// step tells that a step is being taken.
func (w *world) step(kind string) {
	w.aim.mu.Lock()
	defer w.aim.mu.Unlock()
	if w.aim.kind == kind {
		w.aim.kind = ""
		close(w.aim.hit)
	}
}
