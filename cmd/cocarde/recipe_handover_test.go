package main

import (
	"strings"
	"testing"

	"cocarde.example/test/postgres"
)

// Another operator takes the issuer over: another machine, another secret, the same URL.
func TestTheRecipesForAHandOver(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database *postgres.Server) {
		former := newSite(t, "", database)
		marie, karim := founded(t, former)
		keys := former.keys()
		former.hold(marie, karim)
		former.sh("cp " + former.dir + "/var/lib/cocarde/secret root/kept-secret")

		var another *postgres.Server
		if database != nil {
			another = postgres.New(t)
		}
		next := newSite(t, former.address, another)
		if another != nil {
			next.makesDatabase()
		}
		next.write("/root/backup-identity", next.recipient("/etc/cocarde/own"))
		next.give("/etc/cocarde/own", former, "/etc/cocarde/new-operator")

		sums := former.run("hand over")
		if former.get("/readyz") != "" {
			t.Fatal("the former operator's server runs")
		}
		former.give("/var/backups/hand-over.age", next, "/root/hand-over.age")
		former.give("/var/backups/hand-over-record.tar", next, "/root/hand-over-record.tar")
		former.give("/media/secret/cocarde-secret", next, "/media/secret/cocarde-secret")
		said := next.run("take over")
		says(t, said, "issuer +"+next.origin, "events +0 were lost", "lost +0 attestations", " active ", " announced ")
		for _, sum := range []string{strings.Fields(sums)[0], strings.Fields(sums)[2]} {
			if !strings.Contains(said, sum) {
				t.Errorf("the sum %s is not that of what arrived:\n%s", sum, said)
			}
		}
		if next.keys() != keys {
			t.Errorf("the keys were %s and are %s", keys, next.keys())
		}
		next.hold(marie, karim)

		// The former secret opens nothing of what is the next one's.
		next.write("/root/kept-secret", former.read("/root/kept-secret"))
		said, err := next.try("COCARDE_SECRET_FILE=" + next.dir + "/root/kept-secret cocarde keys list " + next.conf())
		if err == nil || !strings.Contains(said, "secret_unusable") {
			t.Errorf("the former secret opens the database: %v\n%s", err, said)
		}

		next.twoDaysLater()
		says(t, next.run("rotate"), " retired ", " active ", " announced ")
		next.publishes(3)
		next.hold(marie, karim)
		former.run("destroy")
		if said, err := former.try("ls var/lib/cocarde"); err == nil {
			t.Errorf("there is left %s", said)
		}
	})
}
