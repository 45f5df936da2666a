package postgres

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// New gives a test a server of its own, as [Start] makes it, which ends with the test.
func New(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	s, err := startTemporary(settings...)
	check(tb, err)
	tb.Cleanup(func() {
		if err := s.discard(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Shared is the one server of this process's tests, started at first use and to be
// left running. It forgets durability (fsync=off): nobody may kill it.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = startTemporary("fsync=off")
	}
	check(tb, shared.err)
	return shared.server
}

var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// StopShared ends the shared server, if there is one, and removes its data.
func StopShared() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return nil
	}
	defer func() { shared.server = nil }()
	return shared.server.discard()
}

// Tests are those of a package, which share a server.
type Tests struct{ M *testing.M }

// Run runs the tests, ends the shared server and gives the exit code.
func (t Tests) Run() int {
	code := t.M.Run()
	if err := StopShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// check ends a test that has no server.
func check(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, ErrMissing) && os.Getenv("CI") == "" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// startTemporary starts a server in a temporary directory, whose path is short.
func startTemporary(settings ...string) (*Server, error) {
	dir, err := os.MkdirTemp("", "postgres")
	if err != nil {
		return nil, err
	}
	s, err := Start(dir, settings...)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// discard ends the server and removes all that it kept.
func (s *Server) discard() error { return errors.Join(s.Kill(), os.RemoveAll(s.dir)) }
