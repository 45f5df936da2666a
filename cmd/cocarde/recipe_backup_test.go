package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
)

// script finds the recipes for a shell, by name.
var script = regexp.MustCompile("(?s)```sh\n# recipe: ([a-z_-]+)\n(.*?)```")

// The recipes of docs/OPERATING.md for backups and what follows, one after another.
func TestTheRecipesForBackups(t *testing.T) {
	t.Parallel()
	r := newRecipe(t)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	r.write(t, "/etc/cocarde/backup-recipients", identity.Recipient().String()+"\n")
	r.write(t, "/root/backup-identity", identity.String()+"\n")
	r.write(t, "/var/backups/other", "")
	if said, err := r.cocarde(t, nil, "db", "migrate").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	r.serve(t, "8081")
	keys := r.direct(t, "8081", "/.well-known/jwks.json")
	r.direct(t, "8081", "/readyz")
	r.follow(t, "backup")
	r.follow(t, "pg_dump")
	goesOn := func() {
		t.Helper()
		r.serve(t, "8081")
		if now := r.direct(t, "8081", "/.well-known/jwks.json"); now != keys {
			t.Errorf("the keys were %s and are %s", keys, now)
		}
		r.direct(t, "8081", "/readyz")
	}
	for _, way := range []string{"restore", "pg_restore"} {
		end(r.servers["8081"])
		if err := r.database.Exec(t.Context(), "postgres", `DROP DATABASE cocarde WITH (FORCE)`); err != nil {
			t.Fatal(err)
		}
		if err := r.database.Exec(t.Context(), "postgres", `CREATE DATABASE cocarde OWNER cocarde ENCODING 'UTF8' TEMPLATE template0`); err != nil {
			t.Fatal(err)
		}
		r.follow(t, way)
		goesOn()
	}
	end(r.servers["8081"])
	if err := os.RemoveAll(r.dir + "/var/lib/cocarde/published"); err != nil {
		t.Fatal(err)
	}
	r.follow(t, "lost-record")
	goesOn()
	if lists := r.direct(t, "8081", "/status"); !strings.Contains(lists, "/status/101") {
		t.Errorf("no list was begun: %s", lists)
	}
}

// follow runs a recipe's lines but those for the service manager.
func (r *recipe) follow(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/OPERATING.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := ""
	for _, block := range script.FindAllStringSubmatch(string(text), -1) {
		if block[1] == name {
			lines = block[2]
		}
	}
	if lines == "" {
		t.Fatalf("there is no recipe %s", name)
	}
	lines = regexp.MustCompile(`(?m)^systemctl .*$`).ReplaceAllString(lines, "")
	lines = regexp.MustCompile(`/(etc|var|root)/`).ReplaceAllString(lines, r.dir+"/$1/")
	_, database, _ := strings.Cut(r.files["/etc/cocarde/cocarde.conf"], "COCARDE_DATABASE=")
	database, _, _ = strings.Cut(database, "\n")
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is sound
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", lines)
	cmd.Dir = r.dir
	cmd.Env = []string{"PATH=" + strings.Join(append([]string{os.Getenv("PATH")}, programs...), ":"), "DATABASE=" + database}
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s%s", name, err, lines, said)
	}
}
