package postgres

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	startTime = time.Minute // until it must answer: it may have to recover first
	stopTime  = time.Minute // until it must have ended
	pollEvery = 10 * time.Millisecond
)

// Server is a PostgreSQL server. Several goroutines may use it at once.
type Server struct {
	programs string // folder
	dir      string
	port     int
	settings []string // name=value
	tls      bool
	runsAs   *syscall.Credential // nil: as this process

	ownerPassword string

	mu      sync.Mutex
	process *process // the last one
}

// Start makes a server in a directory, which must be empty or absent, and waits
// until it answers. The directory is the caller's to remove, once the server has
// stopped; its path must leave room for a socket's, which has 107 bytes at most.
//
// Settings are PostgreSQL's, as name=value, and override what holds otherwise:
// shared_buffers=32MB, max_connections=100, recovery_init_sync_method=syncfs (a start
// after a kill is then several times faster) and PostgreSQL's own defaults. With ssl=on
// the server gets a certificate for 127.0.0.1, and its URLs ask for it.
//
// The error is [ErrMissing] where the programs are, and quotes the server's log.
func Start(dir string, settings ...string) (*Server, error) {
	s, err := create(dir, settings)
	if err != nil {
		return nil, fmt.Errorf("create a PostgreSQL server: %w", err)
	}
	if err := s.StartAgain(); err != nil {
		return nil, err
	}
	if err := s.addOwner(); err != nil {
		return nil, errors.Join(err, s.Kill())
	}
	return s, nil
}

// create lays out the server's files. Its port comes last: nobody may take it
// before the server does.
func create(dir string, settings []string) (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	s := &Server{programs: programs, settings: settings, tls: slices.Contains(settings, "ssl=on")}
	if s.dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if s.runsAs, err = account(); err != nil {
		return nil, err
	}
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	if s.tls {
		if err := s.certify(); err != nil {
			return nil, err
		}
	}
	if err := s.initialize(); err != nil {
		return nil, err
	}
	s.port, err = freePort()
	return s, err
}

// initialize runs initdb. What it writes needs no sync: no test loses power.
func (s *Server) initialize() error {
	password, err := s.writePasswords()
	if err != nil {
		return err
	}
	p, err := s.launch("initdb", "--pgdata="+s.file("data"), "--username="+superuser, "--pwfile="+password,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--lc-messages=C", "--no-sync")
	if err != nil {
		return err
	}
	if <-p.ended; p.err != nil {
		return fmt.Errorf("initdb: %w\n%s", p.err, s.logged())
	}
	return os.Remove(password)
}

// StartAgain starts a server that has been killed or stopped, with its data and at
// its port, and waits until it answers.
func (s *Server) StartAgain() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process.running() {
		return errors.New("start PostgreSQL: it runs")
	}
	var err error
	if s.process, err = s.launch("postgres", s.arguments()...); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := s.wait(); err != nil {
		return errors.Join(fmt.Errorf("start PostgreSQL: %w\n%s", err, s.logged()), s.process.end(syscall.SIGQUIT))
	}
	return nil
}

func (s *Server) arguments() []string {
	settings := []string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.port), "unix_socket_directories=" + s.dir,
		"shared_buffers=32MB", "max_connections=100", "recovery_init_sync_method=syncfs",
	}
	if s.tls {
		settings = append(settings, "ssl_cert_file="+s.file(certFile), "ssl_key_file="+s.file(keyFile))
	}
	args := []string{"-D", s.file("data")}
	for _, setting := range append(settings, s.settings...) { // the last of a name counts
		args = append(args, "-c", setting)
	}
	return args
}

// Kill ends the server as pg_ctl stop -m immediate does: no connection is finished,
// nothing is written, and the next start recovers from the log. No error if the
// server has ended before.
func (s *Server) Kill() error { return s.end(syscall.SIGQUIT) }

// Stop ends the server as pg_ctl stop -m fast does: connections are cut, and all
// is written. No error if the server has ended before.
func (s *Server) Stop() error { return s.end(syscall.SIGINT) }

// BeStandby stops the server and starts it again as a standby, of a primary that never
// comes: it answers, and takes no writes.
func (s *Server) BeStandby() error {
	if err := s.Stop(); err != nil {
		return err
	}
	signal := s.file("data/standby.signal")
	if err := os.WriteFile(signal, nil, 0o600); err != nil {
		return err
	}
	return errors.Join(s.give(signal), s.StartAgain())
}

func (s *Server) end(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.process.running() {
		return nil
	}
	return s.process.end(sig)
}

// Tool is the path of a program of the server's version, such as pgbench.
func (s *Server) Tool(name string) string { return filepath.Join(s.programs, name) }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(s.Tool(name), args...)
	cmd.Dir = s.dir
	// Nothing of the caller's: initdb would look for the time zone, and speak
	// the caller's language.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	return cmd
}

// freePort is a free port below those that Linux gives to outgoing connections.
// One of theirs could be taken while the server is down, even by a client that
// tries to reach the server there and so connects to itself.
func freePort() (int, error) {
	const lowest, firstOutgoing = 10000, 32768
	var err error
	for range 100 {
		port := lowest + rand.IntN(firstOutgoing-lowest)
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, err
}
