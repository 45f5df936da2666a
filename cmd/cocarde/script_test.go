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
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

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
			"exits": exits, "start": start, "halt": halt, "haltnow": haltNow, "saw": saw, "unpack": unpack, "fill": fill,
			"holdsline": holdsLine, "agent": signsIn, "active": activeKey, "shows": shows,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("COCARDE_ADDR", "127.0.0.1:0")
			env.Setenv("NEWLINE", "\n")
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

// activeKey sets a variable to the id of the key that signs: active NAME.
func activeKey(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("cocarde", "keys", "list", "--json"))
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		var k struct{ KID, State string }
		ts.Check(json.Unmarshal([]byte(line), &k))
		if k.State == "active" {
			ts.Setenv(args[0], k.KID)
			return
		}
	}
	ts.Fatalf("no key is active")
}

// shows waits until the running server shows a text: shows PATH TEXT.
func shows(ts *testscript.TestScript, _ bool, args []string) {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(5 * time.Millisecond) {
		resp, err := http.Get("http://" + ts.Getenv("ADDR") + args[0])
		ts.Check(err)
		body, err := io.ReadAll(resp.Body)
		ts.Check(errors.Join(err, resp.Body.Close()))
		if strings.Contains(string(body), args[1]) {
			return
		}
	}
	ts.Fatalf("%s does not show %q", args[0], args[1])
}
