package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cocarde.example/test/postgres"
)

// The recipes about keys and the secret file, one after the other, beside a server that runs.
func TestTheRecipesForKeys(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database *postgres.Server) {
		s := newSite(t, "", database)
		marie, karim := founded(t, s)
		s.recipient("/etc/cocarde/backup-recipients")
		s.publishes(2)
		s.twoDaysLater()
		says(t, s.run("rotate"), " retired ", " active ", " announced ")
		s.publishes(3)
		s.hold(marie, karim)
		said := s.run("a key has leaked")
		if strings.Count(said, " revoked ") != 2 || strings.Count(said, " active ") != 1 || strings.Count(said, " announced ") != 1 {
			t.Errorf("%s", said)
		}
		s.until(func() bool { return strings.Count(s.get("/.well-known/jwt-vc-issuer"), "copied with a backup") == 2 })
		s.publishes(3)
		s.hold(marie, karim) // they are by the retired key

		keys := s.keys()
		for range 2 { // the second leaves what the first has kept
			s.getsAnotherSecret(keys)
		}
		s.manage([]string{"restart", "cocarde@8081"})
		if s.keys() != keys {
			t.Error("under another secret the issuer has other keys")
		}

		s.sh("cp -p var/lib/cocarde/secret root/cocarde-secret; rm var/lib/cocarde/secret")
		says(t, s.run("the secret is lost"), " active ")
		s.manage([]string{"restart", "cocarde@8081"})
		if strings.Contains(s.log.String(), "level=ERROR") || s.keys() != keys {
			t.Errorf("%s", s.log)
		}

		// What was revoked before is not to be issued anew.
		his := regexp.MustCompile(`"id":"([^"]+)","handle":"@karim`).FindStringSubmatch(s.sh("cocarde attestations list --json " + s.conf()))
		s.sh("cocarde attestations revoke --reason left_agency " + s.conf() + " " + his[1])
		s.run("every key may be known to others")
		s.publishes(2)
		s.holdNot("key_revoked", marie, karim)
		said = s.sh("cat issue-anew.*.jsonl")
		if strings.Count(said, `"handle"`) != 1 || strings.Count(said, `"handle":"@marie@`) != 1 || strings.Count(said, `"mailed":true`) != 1 {
			t.Errorf("to be issued anew:\n%s", said)
		}
	})
}

// publishes waits until the server shows so many keys.
func (s *site) publishes(n int) {
	s.t.Helper()
	s.until(func() bool { return strings.Count(s.keys(), `"kid"`) == n })
}

// getsAnotherSecret runs that recipe: every former secret is kept, and a backup is made that the
// new one opens.
func (s *site) getsAnotherSecret(keys string) {
	s.t.Helper()
	const secret = "/var/lib/cocarde/secret"
	former := func() map[string]bool {
		paths, err := filepath.Glob(s.dir + secret + ".former.*")
		must(s.t, err)
		all := map[string]bool{}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			must(s.t, err)
			all[string(text)] = true
		}
		return all
	}
	wanted := former()
	wanted[s.read(secret)] = true
	began := time.Now()
	s.until(func() bool { return time.Now().Unix() > began.Unix() }) // names have the second
	s.sh("rm -f var/backups/cocarde.age")
	s.run("another secret")
	if kept := former(); kept[s.read(secret)] || len(kept) != len(wanted) || s.keys() != keys {
		s.t.Errorf("%d former secrets are kept, want %d; or the server shows other keys", len(kept), len(wanted))
	}
	for text := range wanted {
		if !former()[text] {
			s.t.Error("a former secret is lost")
		}
	}
	if s.read("/var/backups/cocarde.age") == "" {
		s.t.Error("there is no backup")
	}
}
