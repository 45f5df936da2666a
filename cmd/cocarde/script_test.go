package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cocarde.example/internal/config"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/sandbox"
)

// patience bounds every wait; on a loaded machine with the race detector a start
// takes seconds.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cocarde": main, "fetch": fetch})
}

// TestScripts runs the scripts in testdata against the real binary.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "start": start, "halt": halt, "saw": saw, "unpack": unpack, "fill": fill,
			"holdsline": holdsLine, "agent": signsIn,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("COCARDE_ADDR", "127.0.0.1:0")
			return nil
		},
	})
}

// fetch prints an answer's status and body: fetch URL [JSON], with JSON by POST.
func fetch() {
	resp, err := http.Get(os.Args[1])
	if len(os.Args) > 2 {
		resp, err = http.Post(os.Args[1], "application/json", strings.NewReader(os.Args[2]))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode)
	io.Copy(os.Stdout, resp.Body)
}

// exits runs a command and checks its exit status: exits STATUS COMMAND ARG...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARG...")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

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

// unpack takes apart what demo --once --json printed last, into files and variables.
func unpack(ts *testscript.TestScript, _ bool, _ []string) {
	var r record
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &r))
	if len(r.Attestations) != 2 || len(r.Steps) == 0 {
		ts.Fatalf("%d attestations, %d steps", len(r.Attestations), len(r.Steps))
	}
	for _, s := range r.Steps {
		if !s.OK || s.Name == "" || s.Detail == "" {
			ts.Fatalf("step %+v", s)
		}
	}
	write := func(name, text string) { ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600)) }
	write("public", r.Attestations[0].Public)
	write("full", r.Attestations[0].WithDisclosure)
	write("jwks", string(r.JWKS))
	for uri, list := range r.StatusLists {
		ts.Setenv("LIST_URI", uri)
		write("list", list)
	}
	ts.Setenv("TOKEN", r.Attestations[0].Public)
	ts.Setenv("ISSUER", r.Issuer)
	ts.Setenv("HANDLE", r.Attestations[0].Handle)
	ts.Setenv("OTHER", r.Attestations[1].Handle)
	ts.Setenv("BADGE", r.Attestations[0].BadgeURL)
	if a := r.Attestations[0]; !a.Report.Valid || a.Report.Attestation.Handle != a.Handle {
		ts.Fatalf("the report is not of the attestation: %+v", a.Report)
	}
}

// fill makes a file of so many letters: fill FILE COUNT.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte("a"), n), 0o600))
}

// holdsLine checks that each line of standard output is a JSON object whose
// member is the same line of a file, byte for byte: holdsline MEMBER FILE.
func holdsLine(ts *testscript.TestScript, _ bool, args []string) {
	want := strings.Split(strings.TrimSuffix(ts.ReadFile(args[1]), "\n"), "\n")
	got := strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\n"), "\n")
	if len(got) != len(want) {
		ts.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i, line := range got {
		var object map[string]any
		ts.Check(json.Unmarshal([]byte(line), &object))
		if object[args[0]] != want[i] {
			ts.Fatalf("%q, want %q", object[args[0]], want[i])
		}
	}
}

// signsIn goes the agent's way up to the mail: agent ISSUER HANDLE.
func signsIn(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	login := sandbox.DefaultLogins[0]
	a := &agent{
		issuer: args[0], http: safehttp.New(safehttp.Policy{AllowLoopback: true, UserAgent: "test"}),
		handle: args[1], mailbox: "marie.dupont@culture.gouv.fr",
	}
	ts.Check(a.begin(ctx))
	callback, err := sandbox.SignIn(ctx, a.http, a.request.AuthorizeURL, login.Username, login.Password)
	ts.Check(err)
	status, page, err := a.visit(ctx, callback, a.cookie)
	ts.Check(err)
	if status != http.StatusOK {
		ts.Fatalf("callback: %d\n%s", status, page)
	}
}
