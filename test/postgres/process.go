package postgres

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a program that ends with this process.
type process struct {
	*os.Process
	ended chan struct{}
	err   error // how it ended; to be read after ended
}

// launch starts one of the server's programs, which writes to the server's log.
func (s *Server) launch(name string, args ...string) (*process, error) {
	log, err := os.OpenFile(s.file(logFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := s.command(name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	// SIGQUIT has the server end at once, with all its processes and its shared memory.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.runsAs, Pdeathsig: syscall.SIGQUIT}
	p := &process{ended: make(chan struct{})}
	started := make(chan error)
	go p.watch(cmd, started)
	return p, <-started
}

// watch starts a command and waits for its end, all on one thread: Linux sends the
// signal when the thread that started the command is gone, and Go may end a thread
// long before the process.
func (p *process) watch(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.ended)
	err := cmd.Start()
	p.Process = cmd.Process
	started <- err
	if err == nil {
		p.err = cmd.Wait()
	}
}

func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// end sends a signal that ends the process, and waits until it has.
func (p *process) end(sig syscall.Signal) error {
	p.Signal(sig) // an error says that it has ended already
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopTime):
		p.Process.Kill()
		<-p.ended
		return fmt.Errorf("PostgreSQL had not ended %v after %v", stopTime, sig)
	}
}
