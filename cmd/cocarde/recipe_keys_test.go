package main

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"cocarde.example/test/postgres"
)

// scripted finds the scripts of docs/OPERATING.md that bear a name.
var scripted = regexp.MustCompile("(?s)```sh\n# Recipe: ([^\n]+)\n(.*?)```")

// keysWorld is an issuer whose keys are looked after by the recipes' very scripts.
type keysWorld struct {
	t        *testing.T
	dir      string
	settings []string
	scripts  map[string]string
	server   *exec.Cmd
	log      *output
}

func newKeysWorld(t *testing.T, database string) *keysWorld {
	t.Helper()
	text, err := os.ReadFile("../../docs/OPERATING.md")
	if err != nil {
		t.Fatal(err)
	}
	w := &keysWorld{t: t, dir: t.TempDir(), scripts: map[string]string{}}
	here := strings.NewReplacer("/var/lib/", w.dir+"/var/lib/", "/root/", w.dir+"/root/")
	for _, s := range scripted.FindAllStringSubmatch(string(text), -1) {
		w.scripts[s[1]] = here.Replace(s[2])
	}
	for _, made := range []string{"/var/lib/cocarde", "/root"} {
		if err := os.MkdirAll(w.dir+made, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.settings = []string{
		"COCARDE_ADDR=127.0.0.1:0", "COCARDE_URL=https://cocarde.example.org", "COCARDE_DATA_DIR=" + w.dir + "/data",
		"COCARDE_SECRET_FILE=" + w.dir + "/var/lib/cocarde/secret", "COCARDE_DATABASE=" + database, "PATH=" + os.Getenv("PATH"),
	}
	return w
}

// run runs one script, as an operator types it.
func (w *keysWorld) run(name string) (said string) {
	w.t.Helper()
	if w.scripts[name] == "" {
		w.t.Fatalf("there is no recipe %q", name)
	}
	return w.sh(w.scripts[name])
}

func (w *keysWorld) sh(script string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "sh", "-eu", "-c", script)
	cmd.Dir, cmd.Env = w.dir, w.settings
	said, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%v\n%s\n%s", err, script, said)
	}
	return string(said)
}

// serve starts the server, anew if it runs, and gives where it listens.
func (w *keysWorld) serve() (address string) {
	w.t.Helper()
	if w.server != nil {
		end(w.server)
	}
	w.server, w.log = exec.CommandContext(context.WithoutCancel(w.t.Context()), "cocarde", "serve"), &output{}
	w.server.Env, w.server.Stderr = w.settings, w.log
	if err := w.server.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { end(w.server) })
	w.until(func() bool { return listening.MatchString(w.log.String()) })
	address = "http://" + listening.FindStringSubmatch(w.log.String())[1]
	w.until(func() bool { return w.get(address+"/readyz") != "" })
	return address
}

func (w *keysWorld) until(f func() bool) {
	w.t.Helper()
	for began := time.Now(); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > patience {
			w.t.Fatalf("it does not come; the server says\n%s", w.log)
		}
	}
}

// get gives a page's text, empty unless it is found.
func (w *keysWorld) get(url string) string {
	w.t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return ""
	}
	return string(text)
}

func (w *keysWorld) secret() string {
	w.t.Helper()
	text, err := os.ReadFile(w.dir + "/var/lib/cocarde/secret")
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// The recipes of docs/OPERATING.md about keys and the secret file, one after the
// other, beside a server that runs.
func TestTheRecipesForKeys(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "cocarde.db")
		w := newKeysWorld(t, path)
		w.follow(func(statement string) error {
			db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = db.ExecContext(t.Context(), statement)
			return err
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		server := postgres.New(t)
		if err := server.Exec(t.Context(), "postgres", `CREATE DATABASE cocarde OWNER cocarde ENCODING 'UTF8' TEMPLATE template0`); err != nil {
			t.Fatal(err)
		}
		w := newKeysWorld(t, server.URL("cocarde"))
		w.sh("cocarde db migrate")
		w.follow(func(statement string) error { return server.Exec(t.Context(), "cocarde", statement) })
	})
}

func (w *keysWorld) follow(database func(statement string) error) {
	t := w.t
	address := w.serve()
	keys := func() string { return w.get(address + "/.well-known/jwks.json") }
	shows := func(n int) { // the server follows
		t.Helper()
		w.until(func() bool { return strings.Count(keys(), `"kid"`) == n })
	}
	shows(2)
	if err := database(`UPDATE signing_keys SET not_before = 0 WHERE state = 'announced'`); err != nil { // two days later
		t.Fatal(err)
	}
	if said := w.run("rotate"); strings.Count(said, " retired ") != 1 || strings.Count(said, " active ") != 1 || strings.Count(said, " announced ") != 1 {
		t.Errorf("%s", said)
	}
	shows(3)
	if said := w.run("a key has leaked"); strings.Count(said, " revoked ") != 2 || strings.Count(said, " active ") != 1 || strings.Count(said, " announced ") != 1 {
		t.Errorf("%s", said)
	}
	w.until(func() bool {
		return strings.Count(w.get(address+"/.well-known/jwt-vc-issuer"), "copied with a backup") == 2
	})
	shows(3)

	before := w.secret()
	now := keys()
	w.run("another secret")
	if w.secret() == before || keys() != now {
		t.Error("the secret is the same, or the server shows other keys")
	}
	address = w.serve()
	if keys() != now {
		t.Error("under another secret the issuer has other keys")
	}

	w.sh("cp -p var/lib/cocarde/secret root/cocarde-secret; rm var/lib/cocarde/secret")
	if said := w.run("the secret is lost"); strings.Count(said, " active ") != 1 || w.get(address+"/readyz") == "" {
		t.Errorf("%s", said)
	}
	address = w.serve()
	if strings.Contains(w.log.String(), "level=ERROR") || keys() != now {
		t.Errorf("%s", w.log)
	}
}
