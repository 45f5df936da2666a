package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cocarde.example/internal/config"
)

// server is a cocarde that runs beside the script.
type server struct {
	cmd      *exec.Cmd
	out, log output
}

type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// servers are those of all scripts that run, by the script's directory.
var servers sync.Map

var listening = regexp.MustCompile(`msg=listening addr=(\S+) issuer=(\S+)`)

// start runs cocarde until halt: start ARG... It sets ADDR and ISSUER.
func start(ts *testscript.TestScript, _ bool, args []string) {
	s := &server{cmd: exec.Command("cocarde", args...)}
	s.cmd.Dir = ts.MkAbs(".")
	s.cmd.Env = os.Environ()
	for _, name := range config.Names() {
		if v := ts.Getenv(name); v != "" {
			s.cmd.Env = append(s.cmd.Env, name+"="+v)
		}
	}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.log
	ts.Check(s.cmd.Start())
	servers.Store(ts.Getenv("WORK"), s)
	ts.Defer(func() { _ = s.cmd.Process.Kill() })
	found := await(ts, &s.log, listening)
	ts.Setenv("ADDR", found[1])
	ts.Setenv("ISSUER", found[2])
}

func await(ts *testscript.TestScript, o *output, pattern *regexp.Regexp) []string {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(5 * time.Millisecond) {
		if found := pattern.FindStringSubmatch(o.String()); found != nil {
			return found
		}
	}
	ts.Fatalf("%q did not come; there is:\n%s", pattern, o.String())
	return nil
}

func running(ts *testscript.TestScript) *server {
	s, ok := servers.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("nothing was started")
	}
	return s.(*server)
}

// saw waits until the server has printed something: saw out|log PATTERN. What
// the first group matches is in FOUND.
func saw(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	o := &s.log
	if args[0] == "out" {
		o = &s.out
	}
	pattern := regexp.MustCompile(args[1])
	if neg {
		if found := pattern.FindString(o.String()); found != "" {
			ts.Fatalf("it printed %q", found)
		}
		return
	}
	if found := await(ts, o, pattern); len(found) > 1 {
		ts.Setenv("FOUND", found[1])
	}
}

// halt asks the server to stop, as a service manager does; it must end with status 0.
func halt(ts *testscript.TestScript, _ bool, _ []string) {
	s := running(ts)
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	late := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	if err := s.cmd.Wait(); err != nil {
		ts.Fatalf("it ended with %v:\n%s", err, s.log.String())
	}
}

// haltNow asks the server to stop while a request is under way, and then again: it
// must end at once, by the signal.
func haltNow(ts *testscript.TestScript, _ bool, _ []string) {
	s := running(ts)
	c, err := net.Dial("tcp", ts.Getenv("ADDR"))
	ts.Check(err)
	defer c.Close()
	fmt.Fprint(c, "POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
	_, err = http.ReadResponse(bufio.NewReader(c), nil) // 100: it waits for the body
	ts.Check(err)
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	await(ts, &s.log, regexp.MustCompile("msg=stopping"))
	again := time.Now()
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	var ended *exec.ExitError
	if !errors.As(s.cmd.Wait(), &ended) || ended.ExitCode() != -1 || time.Since(again) > 10*time.Second {
		ts.Fatalf("it ended with %v after %v:\n%s", ended, time.Since(again), s.log.String())
	}
}
