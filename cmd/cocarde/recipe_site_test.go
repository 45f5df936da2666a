package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cocarde.example/test/postgres"
)

// site is the machine of an operator who follows docs/OPERATING.md: its paths lie in a directory, its
// address is one of this machine's own, and what needs root, or a service manager, is stood in for.
type site struct {
	t        *testing.T
	dir      string
	address  string // a loopback address, for the ports that the document names
	origin   string
	database *postgres.Server // nil: SQLite
	files    map[string]string
	scripts  map[string]string
	servers  map[string]*exec.Cmd // by port
	log      *output              // of the server that was started last
}

// confFile is where the settings stand on the operator's machine.
const confFile = "/etc/cocarde/cocarde.conf"

var (
	// scripted finds the scripts of the document, by name.
	scripted = regexp.MustCompile("(?s)```sh\n# Recipe: ([^\n]+)\n(.*?)```")
	// rooted finds what must lie in the site's directory.
	rooted = regexp.MustCompile(`/(etc|var|root|media|srv|usr/local/bin)/`)
)

// newSite makes one. At an address that is another site's it can take over from that; empty: its own.
func newSite(t *testing.T, address string, database *postgres.Server) *site {
	t.Helper()
	text, err := os.ReadFile("../../docs/OPERATING.md")
	must(t, err)
	if address == "" {
		address = ownAddress()
	}
	s := &site{
		t: t, dir: t.TempDir(), address: address, origin: "http://" + address + ":8081", database: database,
		files: map[string]string{}, scripts: map[string]string{}, servers: map[string]*exec.Cmd{},
	}
	here := strings.NewReplacer(
		"https://cocarde.example.org", s.origin, "127.0.0.1:8080", address+":8081", "127.0.0.1:8081", address+":8081",
		"127.0.0.1:8082", address+":8082", "127.0.0.1:%i", address+":%i", "mail.example.org", "127.0.0.1:1", // no mail goes out
		"127.0.0.1:5432", s.databaseAddress(),
	)
	rewritten := func(part string) string {
		return rooted.ReplaceAllString(here.Replace(part), s.dir+"/$1/")
	}
	for _, block := range named.FindAllStringSubmatch(string(text), -1) {
		s.files[block[1]] = rewritten(block[2])
	}
	for _, block := range scripted.FindAllStringSubmatch(string(text), -1) {
		if s.scripts[block[1]] != "" {
			t.Fatalf("there are two recipes %q", block[1])
		}
		s.scripts[block[1]] = rewritten(block[2])
	}
	for _, made := range []string{"etc/cocarde", "var/lib/cocarde", "var/backups", "root", "media/secret", "srv", "usr/local/bin", "shims"} {
		must(t, os.MkdirAll(filepath.Join(s.dir, made), 0o700))
	}
	s.write(confFile, s.files[s.ofDatabase(confFile)])
	if database == nil { // where a server listens stands in the unit of those on PostgreSQL
		s.write(confFile, s.read(confFile)+"COCARDE_ADDR="+address+":8081\n")
	}
	s.write("/etc/cocarde/smtp-password", "not used here\n")
	s.shims()
	return s
}

// ofDatabase is the name of a file that there are two of.
func (s *site) ofDatabase(name string) string {
	if s.database == nil {
		return name + ", on SQLite"
	}
	return name
}

// conf is the flag that names the settings.
func (s *site) conf() string { return "--config=" + s.dir + confFile }

func (s *site) databaseAddress() string {
	if s.database == nil {
		return "nowhere"
	}
	u, err := url.Parse(s.database.URL("cocarde"))
	must(s.t, err)
	return u.Host
}

// shims stand in for what only root can do.
func (s *site) shims() {
	s.t.Helper()
	superuser := ""
	if s.database != nil {
		host, port, _ := strings.Cut(s.databaseAddress(), ":")
		superuser = fmt.Sprintf("export PGHOST=%s PGPORT=%s PGUSER=postgres PGPASSFILE=%s\n", host, port, s.database.PasswordFile())
	}
	for name, text := range map[string]string{
		"chown": "", "useradd": "",
		"runuser": "[ \"$1 $2 $3\" = '-u postgres --' ] || exit 1\n" + superuser + "shift 3\nexec \"$@\"\n",
	} {
		path := filepath.Join(s.dir, "shims", name)
		must(s.t, os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700))
	}
}

func (s *site) write(path, text string) {
	s.t.Helper()
	must(s.t, os.WriteFile(s.dir+path, []byte(text), 0o600))
}

func (s *site) read(path string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.dir + path)
	must(s.t, err)
	return string(text)
}

// give hands a file over to another site.
func (s *site) give(path string, to *site, as string) {
	s.t.Helper()
	to.write(as, s.read(path))
}

func (s *site) until(f func() bool) {
	s.t.Helper()
	for began := time.Now(); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > patience {
			s.t.Fatalf("it does not come; the server says\n%s", s.log)
		}
	}
}

// get gives the text of a page, by its path or its URL; empty unless it is found.
func (s *site) get(path string) string {
	s.t.Helper()
	status, text := s.ask(path)
	if status != http.StatusOK {
		return ""
	}
	return text
}

// ask gives an answer; status 0 is none.
func (s *site) ask(path string) (status int, text string) {
	s.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = s.origin + path
	}
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(s.t, err)
	return resp.StatusCode, string(body)
}

func (s *site) keys() string { s.t.Helper(); return s.get("/.well-known/jwks.json") }

// says checks what a recipe printed.
func says(t *testing.T, said string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, database *postgres.Server)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, nil)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, postgres.New(t))
	})
}
