package main

import (
	"os"
	"strings"
	"testing"

	"cocarde.example/test/postgres"
)

// The recipes for backups and what follows, one after another.
func TestTheRecipesForBackups(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database *postgres.Server) {
		s := newSite(t, "", database)
		s.write("/root/backup-identity", s.recipient("/etc/cocarde/backup-recipients"))
		marie, karim := founded(t, s)
		keys := s.keys()
		s.run("back up")
		ways := []string{"restore"}
		if database != nil {
			s.run("pg_dump", `"$DATABASE"`, "'"+s.databaseURL()+"'")
			ways = append(ways, "pg_restore")
		}
		for _, way := range ways {
			s.stop()
			s.loses()
			s.run(way, `"$DATABASE"`, "'"+s.databaseURL()+"'")
			s.goesOn(keys, marie, karim)
		}
		s.stop()
		must(t, os.RemoveAll(s.dir+"/var/lib/cocarde/published"))
		s.run("the record is lost")
		s.goesOn(keys, marie, karim)
		s.until(func() bool { return strings.Contains(s.get("/status"), "/status/101") })
	})
}

func (s *site) databaseURL() string {
	_, url, _ := strings.Cut(s.read(confFile), "COCARDE_DATABASE=")
	url, _, _ = strings.Cut(url, "\n")
	return url
}

// loses takes the database away, and leaves an empty place.
func (s *site) loses() {
	s.t.Helper()
	if s.database == nil {
		s.sh("rm var/lib/cocarde/cocarde.db*")
		return
	}
	must(s.t, s.database.Exec(s.t.Context(), "postgres", `DROP DATABASE cocarde WITH (FORCE)`))
	s.sh("runuser -u postgres -- createdb --owner=cocarde --encoding=UTF8 --template=template0 cocarde")
}

// goesOn fails unless it is the same issuer.
func (s *site) goesOn(keys string, tokens ...string) {
	s.t.Helper()
	if now := s.keys(); now != keys {
		s.t.Errorf("the keys were %s and are %s", keys, now)
	}
	s.hold(tokens...)
}
