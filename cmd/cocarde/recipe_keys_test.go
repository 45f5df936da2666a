package main

import (
	"regexp"
	"strings"
	"testing"

	"cocarde.example/test/postgres"
)

// The recipes about keys and the secret file, one after the other, beside a server that runs.
func TestTheRecipesForKeys(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database *postgres.Server) {
		s := newSite(t, "", database)
		marie, karim := founded(t, s)
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

		before, keys := s.read("/var/lib/cocarde/secret"), s.keys()
		s.run("another secret")
		if s.read("/var/lib/cocarde/secret") == before || s.keys() != keys {
			t.Error("the secret is the same, or the server shows other keys")
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
