package main

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocarde.example/test/postgres"
)

// An issuer closes: nothing new, then all is revoked, then a page stands in its place.
func TestTheRecipesForClosing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database *postgres.Server) {
		s := newSite(t, "", database)
		s.recipient("/etc/cocarde/backup-recipients")
		marie, karim := founded(t, s)
		revoke := "cocarde attestations revoke --all --reason other " + s.conf()
		s.refuses(revoke, "issuer_not_closed: it is not set")
		says(t, s.sh("cocarde db status "+s.conf()), `ends +[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z, the last attestation`)

		day := time.Now().Add(100 * 24 * time.Hour)
		changes := []string{"2027-06-30", day.Format(time.DateOnly)}
		if database == nil { // there is no second server to wait for
			changes = append(changes, "curl --fail --retry 10 --retry-connrefused http://"+s.address+":8082/readyz", "")
		} else {
			s.serve("8082")
		}
		s.run("announce the closing", changes...)
		if home := s.get("/"); !strings.Contains(home, day.Format("2006")) || !strings.Contains(home, "This issuer closes on") {
			t.Errorf("%s", home)
		}
		says(t, s.get("/request"), "takes no new requests")
		resp, err := http.Post(s.origin+"/v1/requests", "application/json",
			strings.NewReader(`{"handle":"@lucie@social.example","email":"lucie@insee.fr","account_proof":{"method":"oauth"},"lang":"fr"}`))
		must(t, err)
		must(t, resp.Body.Close())
		if resp.StatusCode != http.StatusGone {
			t.Errorf("a request is answered with %d", resp.StatusCode)
		}
		s.hold(marie, karim)
		s.refuses(revoke, "issuer_not_closed: it names "+day.Format(time.DateOnly))

		// The day has come.
		s.write(confFile, strings.ReplaceAll(s.read(confFile), day.Format(time.DateOnly), time.Now().UTC().Format(time.DateOnly)))
		says(t, s.run("revoke what is left"), "2 badges revoked")
		says(t, s.sh(revoke), "^0 badges revoked")
		s.holdNot("revoked", marie, karim)

		s.run("farewell")
		if s.get("/readyz") != "" {
			t.Fatal("a server runs")
		}
		s.static(s.dir + "/srv/farewell")
		says(t, s.get("/"), "This issuer has closed")
		s.holdNot("key_not_found", marie, karim)
	})
}

// refuses fails unless a command changes nothing and says why.
func (s *site) refuses(command, why string) {
	s.t.Helper()
	if said, err := s.try(command); err == nil || !strings.Contains(said, why) {
		s.t.Errorf("%v: %s", err, said)
	}
}

// static serves a folder where the issuer was.
func (s *site) static(folder string) {
	s.t.Helper()
	l, err := net.Listen("tcp", s.address+":8081")
	must(s.t, err)
	files := http.FileServer(http.Dir(folder))
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/.well-known/") {
			w.Header().Set("Content-Type", "application/json")
		}
		files.ServeHTTP(w, r)
	})}
	go server.Serve(l)
	s.t.Cleanup(func() { _ = server.Close() })
}
