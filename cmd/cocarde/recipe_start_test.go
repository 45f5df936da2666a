package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"cocarde.example/test/postgres"
)

// brings puts the program where a recipe finds a new one.
func (s *site) brings() {
	s.t.Helper()
	program, err := exec.LookPath("cocarde")
	must(s.t, err)
	text, err := os.ReadFile(program)
	must(s.t, err)
	must(s.t, os.WriteFile(s.dir+"/root/cocarde", text, 0o700))
}

// recipient makes an identity of age, whose line stands in a file.
func (s *site) recipient(path string) (identity string) {
	s.t.Helper()
	id, err := age.GenerateX25519Identity()
	must(s.t, err)
	s.write(path, id.Recipient().String()+"\n")
	return id.String() + "\n"
}

// The first starts, from nothing to an issuer.
func TestTheRecipesForFirstStarts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database *postgres.Server) {
		s := newSite(t, "", database)
		s.brings()
		name := "first start on SQLite"
		if database != nil {
			s.makesDatabase()
			s.sh("install -m 0755 root/cocarde usr/local/bin/cocarde")
			name = "first start on PostgreSQL"
		}
		says(t, s.run(name), "issuer +"+s.origin, " active ", " announced ")
		if database != nil {
			if s.get("http://"+s.address+":8082/.well-known/jwks.json") != s.keys() {
				t.Error("the second server publishes other keys")
			}
		}
	})
}

// An upgrade whose program has another schema, and one that has not.
func TestTheRecipesForUpgrades(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database *postgres.Server) {
		s := newSite(t, "", database)
		s.recipient("/etc/cocarde/backup-recipients")
		s.brings()
		s.sh("install -m 0755 root/cocarde usr/local/bin/cocarde")
		marie, karim := founded(t, s)
		keys := s.keys()
		s.hold(marie, karim)
		says(t, s.run("upgrade"), "schema +([0-9]+) \\(this program knows ([0-9]+)\\)", "issuer +"+s.origin)
		if database == nil {
			s.run("upgrade the program alone", "curl", "true")
		} else {
			s.serve("8082")
			s.run("upgrade the program alone")
		}
		s.hold(marie)

		s.stop()
		s.age()
		said := s.sh("cocarde db status " + s.conf())
		says(t, said, "next +cocarde db migrate")
		says(t, s.run("upgrade the schema"), "issuer +"+s.origin)
		if s.keys() != keys {
			t.Errorf("the keys were %s and are %s", keys, s.keys())
		}
		s.hold(marie, karim)
	})
}

// No recipe of the document is left out.
func TestEveryRecipeIsRun(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	files, err := filepath.Glob("recipe_*_test.go")
	must(t, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		must(t, err)
		tests.Write(text)
	}
	for name := range newSite(t, "", nil).scripts {
		if !strings.Contains(tests.String(), `"`+name+`"`) {
			t.Errorf("nothing runs %q", name)
		}
	}
}
