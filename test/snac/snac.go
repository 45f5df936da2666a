package snac

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"cocarde.example/internal/safehttp"
)

const (
	startTime = 20 * time.Second // until it must have answered
	pollEvery = 20 * time.Millisecond
)

// Program is where test/get-snac puts the program, seen from the root of the
// repository.
const Program = ".cache/snac/snac"

// Instance is a running snac2.
type Instance struct {
	Host  string         // name of the instance, such as snac.test
	Addr  string         // address and port of its TLS front, on loopback
	Roots *x509.CertPool // trusts the front

	program string
	dir     string
	process *exec.Cmd
	ended   chan struct{}
	front   *Front
}

// Start sets an instance up in a new temporary directory and waits until it
// answers at https://HOST, as far as [Instance.Policy] leads there. It trusts
// nobody but the authorities that are given, as PEM; none leaves it the machine's.
func Start(ctx context.Context, program, host string, trusted ...[]byte) (*Instance, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	parent, err := os.MkdirTemp("", "snac") // a short path: the socket's is bounded
	if err != nil {
		return nil, err
	}
	i := &Instance{Host: host, program: program, dir: filepath.Join(parent, "data"), ended: make(chan struct{})}
	if err := i.start(ctx, bytes.Join(trusted, nil)); err != nil {
		return nil, errors.Join(fmt.Errorf("start snac: %w", err), i.Close())
	}
	return i, nil
}

func (i *Instance) start(ctx context.Context, trusted []byte) error {
	socket := filepath.Join(filepath.Dir(i.dir), "http")
	if err := i.configure(ctx, socket); err != nil {
		return err
	}
	var err error
	if i.front, err = StartFront(listenAt, i.Host, Behind("unix", socket)); err != nil {
		return err
	}
	i.Addr, i.Roots = i.front.Addr, i.front.Roots
	if i.process, err = i.command(trusted); err != nil {
		return err
	}
	i.process.Env = append(os.Environ(), "no_proxy=*") // whom it talks to is on this machine
	if err := i.process.Start(); err != nil {
		i.process = nil
		return err
	}
	go func() {
		defer close(i.ended)
		i.process.Wait()
	}()
	return i.wait(ctx)
}

// command is the server, which becomes the process itself: in a mount namespace of
// its own where it trusts others than the machine does.
func (i *Instance) command(trusted []byte) (*exec.Cmd, error) {
	if len(trusted) == 0 {
		return exec.Command(i.program, "httpd", i.dir), nil
	}
	file := filepath.Join(filepath.Dir(i.dir), "trusted.pem")
	if err := os.WriteFile(file, trusted, 0o600); err != nil {
		return nil, err
	}
	const inside = `mount --bind "$1" /etc/ssl/certs/ca-certificates.crt && exec "$2" httpd "$3"`
	return exec.Command("unshare", "--map-root-user", "--mount", "sh", "-c", inside, "sh", file, i.program, i.dir), nil
}

// configure answers the questions of snac init (address, port, host, prefix,
// administrator's address), and then has it listen on a socket.
func (i *Instance) configure(ctx context.Context, socket string) error {
	if _, err := i.run(ctx, "127.0.0.1\n8001\n"+i.Host+"\n\n\n", "init", i.dir); err != nil {
		return err
	}
	file := filepath.Join(i.dir, "server.json")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var settings map[string]any
	if err := json.Unmarshal(data, &settings); err != nil {
		return fmt.Errorf("server.json: %w", err)
	}
	settings["address"], settings["protocol"] = socket, "https"
	if data, err = json.Marshal(settings); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

// run runs a command of snac's and gives what it prints.
func (i *Instance) run(ctx context.Context, input string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, i.program, args...)
	cmd.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("snac %s: %w: %s", args[0], err, out.String())
	}
	return out.String(), nil
}

// wait polls until the instance answers.
func (i *Instance) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	client := i.Client()
	defer client.CloseIdleConnections()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+i.Host+"/.well-known/nodeinfo", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("it answers %d", resp.StatusCode)
		}
		select {
		case <-tick.C:
		case <-i.ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}

// Policy leads to the instance, and trusts its certificate.
func (i *Instance) Policy() safehttp.Policy {
	return safehttp.Policy{
		UserAgent: safehttp.UserAgent("test", "https://cocarde.example.org"),
		HostMap:   map[string]string{i.Host + ":443": i.Addr},
		RootCAs:   i.Roots,
	}
}

// Client is a browser's stand-in that reaches the instance.
func (i *Instance) Client() *http.Client { return safehttp.New(i.Policy()) }

var passwordLine = regexp.MustCompile(`(?m)^User password is (\S+)$`)

// AddUser makes an account, and gives its password.
func (i *Instance) AddUser(ctx context.Context, name string) (password string, err error) {
	out, err := i.run(ctx, "", "adduser", i.dir, name)
	if err != nil {
		return "", err
	}
	found := passwordLine.FindStringSubmatch(out)
	if found == nil {
		return "", errors.New("snac adduser tells no password")
	}
	return found[1], nil
}

// Close stops the instance and deletes what it kept.
func (i *Instance) Close() error {
	if i.process != nil {
		i.process.Process.Kill() // it takes its time to end well, and its data is thrown away
		<-i.ended
	}
	var err error
	if i.front != nil {
		err = i.front.Close()
	}
	return errors.Join(err, os.RemoveAll(filepath.Dir(i.dir)))
}
