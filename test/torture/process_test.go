package torture

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
)

// process is a child in one of its roles.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	said  chan string   // lines on standard output
	ended chan struct{} // closed once nothing of it is left
	log   tail
}

// spawn starts a process with these settings and no others.
func spawn(role string, settings []string) (*process, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(binary), said: make(chan string, 4), ended: make(chan struct{})}
	p.cmd.Env = append([]string{roleVariable + "=" + role, "TMPDIR=" + os.TempDir()}, settings...)
	p.cmd.Stderr = &p.log
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			p.said <- lines.Text()
		}
		_ = p.cmd.Wait() // how it ended is told by who asks for it
	}()
	return p, nil
}

// errEnded: a process ended by itself before it said what it should.
var errEnded = errors.New("the process ended")

// hears waits for a line that begins so, and gives the rest of it.
func (p *process) hears(ctx context.Context, prefix string) (string, error) {
	for {
		select {
		case line := <-p.said:
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return rest, nil
			}
		case <-p.ended:
			return "", errEnded
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// kill ends the process at once, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // fails only if it has ended
	<-p.ended
}

// stop asks the process to finish what it is at.
func (p *process) stop() { _ = p.cmd.Process.Signal(syscall.SIGTERM) }

// gone says whether the process has ended.
func (p *process) gone() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// how tells how the process ended, with the end of its log.
func (p *process) how() string { return fmt.Sprintf("%v\n%s", p.cmd.ProcessState, p.log.String()) }

// maxTail bounds what is kept of a log, in bytes.
const maxTail = 16 << 10

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-maxTail):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
