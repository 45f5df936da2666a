package bench

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"
)

// leastStarts is how often each program is started at least: the medians count.
const leastStarts = 25

// BenchmarkStart measures the time from starting the process to the first answer,
// keys present. x-floor is the time of cocarde serve as a multiple of that of
// bench/bare, which opens the same file and listens.
func BenchmarkStart(b *testing.B) {
	bin, dir := b.TempDir(), b.TempDir()
	build(b, filepath.Join(bin, "cocarde"), "../cmd/cocarde")
	build(b, filepath.Join(bin, "bare"), "./bare")
	database := filepath.Join(dir, "cocarde.db")
	serve := func() time.Duration {
		return start(b, []string{
			"COCARDE_DATA_DIR=" + dir, "COCARDE_ADDR=127.0.0.1:0", "COCARDE_URL=http://127.0.0.1:8080",
		}, filepath.Join(bin, "cocarde"), "serve")
	}
	bare := func() time.Duration { return start(b, nil, filepath.Join(bin, "bare"), database) }
	serve() // makes the database and the keys, and
	bare()  // brings both programs into memory

	var ours, floor []time.Duration
	pair := func() { ours, floor = append(ours, serve()), append(floor, bare()) }
	for b.Loop() {
		pair()
	}
	for len(ours) < leastStarts {
		pair()
	}
	slices.Sort(ours)
	slices.Sort(floor)
	median, bareMedian := ours[len(ours)/2], floor[len(floor)/2]
	b.ReportMetric(median.Seconds()*1000, "ms/start")
	b.ReportMetric(bareMedian.Seconds()*1000, "floor-ms")
	b.ReportMetric(median.Seconds()/bareMedian.Seconds(), "x-floor")
}

func build(b *testing.B, binary, folder string) {
	b.Helper()
	cmd := exec.Command("go", "build", "-o", binary, folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build %s: %v\n%s", folder, err, out)
	}
}

var listening = regexp.MustCompile(`addr=(\S+) issuer=`)

// start runs a program until it answers, and gives how long that took.
func start(b *testing.B, env []string, name string, args ...string) time.Duration {
	b.Helper()
	began := time.Now()
	s := launch(b, env, name, args...)
	took, err := firstAnswer(s.addr, began)
	s.stop(b)
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return took
}

// server is a program that runs and listens.
type server struct {
	*exec.Cmd
	addr  string // empty if it ended before it listened
	ended chan struct{}
}

func launch(b *testing.B, env []string, name string, args ...string) server {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	log, err := cmd.StderrPipe()
	check(b, err)
	check(b, cmd.Start())
	s := server{Cmd: cmd, ended: make(chan struct{})}
	lines := bufio.NewScanner(log)
	for s.addr == "" && lines.Scan() {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			s.addr = found[1]
		}
	}
	go func() {
		defer close(s.ended)
		_, _ = io.Copy(io.Discard, log)
		_ = cmd.Wait() // the bare one dies of the signal
	}()
	return s
}

// stop asks the program to end, and waits until it has.
func (s server) stop(b *testing.B) {
	b.Helper()
	_ = s.Process.Signal(syscall.SIGTERM) // an error says that it has ended already
	<-s.ended
}

func firstAnswer(addr string, began time.Time) (time.Duration, error) {
	if addr == "" {
		return 0, fmt.Errorf("it ended before it listened")
	}
	resp, err := http.Get("http://" + addr + "/healthz")
	if err != nil {
		return 0, err
	}
	took := time.Since(began)
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("status %d", resp.StatusCode)
	}
	return took, nil
}
