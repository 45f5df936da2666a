package torture

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// binary is the program itself, built once when it is needed first, as these tests are.
var binary struct {
	dir  string
	once sync.Once
	path string
	err  error
}

func built() (string, error) {
	binary.once.Do(func() {
		binary.path = filepath.Join(binary.dir, "cocarde")
		args := []string{"build", "-o", binary.path}
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "-race" {
					args = append(args, "-race="+s.Value)
				}
			}
		}
		if said, err := exec.Command("go", append(args, "cocarde.example/cmd/cocarde")...).CombinedOutput(); err != nil {
			binary.err = fmt.Errorf("build the program: %w\n%s", err, said)
		}
	})
	return binary.path, binary.err
}

// ended is how a command ended.
type ended struct {
	killed       bool
	exit         int
	stdout, said string // standard output and, at its end, standard error
}

// told is the code of the fault that the command ended with, empty if there was none.
func (e ended) told() string {
	if found := faultCode.FindStringSubmatch(e.said); e.exit != 0 && found != nil {
		return found[1]
	}
	return ""
}

var faultCode = regexp.MustCompile(`\(([a-z]+_[a-z_]+)(?::|\))`)

// away says whether the command could not reach the database, or lost it.
func (e ended) away() bool {
	return strings.HasPrefix(e.told(), "storage_") || e.told() == "database_unreachable"
}

// moment says whether a command is to be killed now, by what it has said so far and
// for how long it has run.
type moment func(said string, since time.Duration) bool

func never(string, time.Duration) bool { return false }

// looking is how often a moment is looked for.
const looking = time.Millisecond

// command runs a command of the program to its end or to that moment.
func (w *world) command(ctx context.Context, name string, kill moment, args ...string) (e ended, err error) {
	path, err := built()
	if err != nil {
		return e, err
	}
	var stdout bytes.Buffer
	var said tail
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append([]string{"TMPDIR=" + os.TempDir()}, w.settings(name)...)
	cmd.Stdout, cmd.Stderr = &stdout, &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return e, err
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = cmd.Wait() // how it ended is told below
	}()
	for looked := time.NewTicker(looking); ; {
		select {
		case <-gone:
			looked.Stop()
			e.exit, e.stdout, e.said = cmd.ProcessState.ExitCode(), stdout.String(), said.String()
			e.killed = e.exit < 0
			return e, ctx.Err()
		case <-looked.C:
			if kill(said.String(), time.Since(began)) {
				_ = cmd.Process.Kill() // fails only if it has ended
				kill = never
			}
		}
	}
}
