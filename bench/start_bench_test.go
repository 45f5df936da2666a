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
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	log, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	var addr string
	lines := bufio.NewScanner(log)
	for addr == "" && lines.Scan() {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			addr = found[1]
		}
	}
	took, err := firstAnswer(addr, began)
	if err != nil {
		_ = cmd.Process.Kill()
		b.Fatalf("%s: %v", name, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, log); err != nil {
		b.Fatal(err)
	}
	_ = cmd.Wait() // the bare one dies of the signal
	return took
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
