package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// plannedStops of a server, while the proxy is asked without a pause.
const plannedStops = 4

// restarts stops and starts one server after the other, as an upgrade does: whoever
// looks something up, or has something verified, does not notice.
func (r *recipe) restarts(t *testing.T) {
	t.Helper()
	stop := make(chan struct{})
	var asking sync.WaitGroup
	var mu sync.Mutex
	answers, failures := 0, []string{}
	for n := range 8 {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				failed := r.asks(n%2 == 0)
				mu.Lock()
				answers++
				if failed != "" {
					failures = append(failures, failed)
				}
				mu.Unlock()
			}
		})
	}
	for n := range plannedStops {
		port := []string{"8081", "8082"}[n%2]
		server := r.servers[port]
		if err := server.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := server.Wait(); err != nil {
			t.Errorf("a server that is stopped ends with %v", err)
		}
		r.serve(t, port)
		r.direct(t, port, "/readyz")
		r.proxyKnows(t, map[string]string{"8081": "one", "8082": "two"}[port])
	}
	close(stop)
	asking.Wait()
	if len(failures) > 0 {
		t.Errorf("%d of %d calls failed: %s", len(failures), answers, failures[0])
	}
}

// proxyKnows waits until the proxy has found that a server is ready.
func (r *recipe) proxyKnows(t *testing.T, server string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		said := r.askProxy(t, "show stat")
		for line := range strings.Lines(said) {
			if strings.HasPrefix(line, "ready,"+server+",") && strings.Contains(line, ",UP,") {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the proxy does not find that %s is ready: %s", server, said)
		}
	}
}

func (r *recipe) askProxy(t *testing.T, what string) string {
	t.Helper()
	c, err := net.Dial("unix", r.dir+"/proxy.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprintln(c, what); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

// asks makes one call, and says how it failed.
func (r *recipe) asks(verify bool) (failed string) {
	var got reply
	var err error
	want := http.StatusNotFound
	if verify {
		want = http.StatusOK
		got, err = r.post(public+"/v1/verify", `{"attestation":"nothing"}`)
	} else {
		got, err = r.get(public + "/v1/attestations/abcdefghjkmn")
	}
	if err != nil {
		return err.Error()
	}
	if got.status != want {
		return fmt.Sprint(got.status, " ", strings.TrimSpace(got.text))
	}
	return ""
}
