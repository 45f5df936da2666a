package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cocarde.example/test/postgres"
)

// recipe is the example of docs/OPERATING.md, made from its very files: HAProxy,
// two servers, PostgreSQL. Their paths lie in a directory, and their addresses are
// one of this machine's own, which nobody else uses.
type recipe struct {
	dir      string
	address  string // a loopback address, for the ports that the files name
	files    map[string]string
	database *postgres.Server
	visitor  *http.Client
	proxy    *exec.Cmd
	servers  map[string]*exec.Cmd // by port
}

// named finds the blocks that begin with their path.
var named = regexp.MustCompile("(?s)```\n# (/[^\n]+)\n(.*?)```")

func newRecipe(t *testing.T) *recipe {
	t.Helper()
	text, err := os.ReadFile("../../docs/OPERATING.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := &recipe{
		dir: dir, address: ownAddress(), files: map[string]string{}, servers: map[string]*exec.Cmd{}, database: postgres.New(t),
	}
	url, password := r.newDatabase(t)
	here := strings.NewReplacer(
		"127.0.0.1:5432/", url+"/",
		"bind :443", "bind "+r.address+":8443", "bind :80", "bind "+r.address+":8080",
		"127.0.0.1:8081", r.address+":8081", "127.0.0.1:8082", r.address+":8082", "127.0.0.1:%i", r.address+":%i",
		"/etc/", dir+"/etc/", "/var/lib/", dir+"/var/lib/",
	)
	for _, block := range named.FindAllStringSubmatch(string(text), -1) {
		r.files[block[1]] = here.Replace(block[2])
		r.write(t, block[1], r.files[block[1]])
	}
	for _, wanted := range []string{confFile, "/etc/systemd/system/cocarde@.service", "/etc/haproxy/haproxy.cfg"} {
		if r.files[wanted] == "" {
			t.Fatalf("there is no file %s among %q", wanted, slices.Sorted(maps.Keys(r.files)))
		}
	}
	r.write(t, "/etc/cocarde/pgpass", url+":cocarde:cocarde:"+password+"\n")
	r.write(t, "/etc/cocarde/smtp-password", "not used here\n")
	if err := os.MkdirAll(dir+"/var/lib/cocarde", 0o700); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *recipe) write(t *testing.T, path, text string) {
	t.Helper()
	path = r.dir + path
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newDatabase makes the database of the recipe, and gives its server's address and
// the password of its owner.
func (r *recipe) newDatabase(t *testing.T) (address, password string) {
	t.Helper()
	if err := r.database.Exec(t.Context(), "postgres", `CREATE DATABASE cocarde OWNER cocarde ENCODING 'UTF8' TEMPLATE template0`); err != nil {
		t.Fatal(err)
	}
	passwords, err := os.ReadFile(r.database.PasswordFile())
	if err != nil {
		t.Fatal(err)
	}
	_, password, _ = strings.Cut(string(passwords), "*:*:*:cocarde:")
	_, address, _ = strings.Cut(r.database.URL("cocarde"), "@")
	address, _, _ = strings.Cut(address, "/")
	return address, strings.TrimSpace(password)
}

// cocarde makes a command of the program, with these settings and no others.
func (r *recipe) cocarde(t *testing.T, settings []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "cocarde", append(args, "--config", r.dir+confFile)...)
	cmd.Env, cmd.Dir = settings, r.dir
	return cmd
}

// serve starts the server of a port as its unit says.
func (r *recipe) serve(t *testing.T, port string) {
	t.Helper()
	var settings []string
	var start string
	for line := range strings.Lines(r.files["/etc/systemd/system/cocarde@.service"]) {
		name, value, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(line, "%i", port)), "=")
		switch name {
		case "Environment":
			settings = append(settings, value)
		case "ExecStart":
			start = value
		}
	}
	if want := "/usr/local/bin/cocarde serve --config " + r.dir + "/etc/cocarde/cocarde.conf"; start != want {
		t.Fatalf("the unit starts %q", start)
	}
	cmd := r.cocarde(t, settings, "serve")
	r.servers[port] = cmd
	startProcess(t, cmd)
}

// startProcess starts one, which ends with the test.
func startProcess(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		end(cmd)
		if t.Failed() {
			t.Logf("%s\n%s", cmd, said.String())
		}
	})
}

// end kills a process, if it runs, and waits until it has ended.
func end(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		_ = cmd.Process.Kill() // fails only if it has ended
		_ = cmd.Wait()         // it was killed
	}
}

// balance starts the proxy: with the recipe's configuration, after a section
// global that says nothing but what a test needs.
func (r *recipe) balance(t *testing.T) {
	t.Helper()
	binary, err := exec.LookPath("haproxy")
	if err != nil {
		binary, err = exec.LookPath("/usr/sbin/haproxy")
	}
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("haproxy is not installed; test/install does that")
	}
	if err != nil {
		t.Fatal(err)
	}
	r.trust(t)
	r.write(t, "/etc/haproxy/haproxy.cfg", "global\n    log stderr local0\n    maxconn 200\n    stats socket "+r.dir+"/proxy.sock\n\n"+r.files["/etc/haproxy/haproxy.cfg"])
	config := r.dir + "/etc/haproxy/haproxy.cfg"
	if said, err := exec.CommandContext(t.Context(), binary, "-c", "-f", config).CombinedOutput(); err != nil || strings.Contains(string(said), "WARNING") {
		t.Fatalf("%v: %s", err, said)
	}
	r.proxy = exec.CommandContext(context.WithoutCancel(t.Context()), binary, "-db", "-f", config)
	startProcess(t, r.proxy)
}

// ownAddress is a loopback address by chance: at its ports nobody listens.
func ownAddress() string {
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
}
