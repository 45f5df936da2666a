package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/sandbox"
)

// issue has both agents of a sandbox go the whole way at the issuer of a site, whose servers are
// stopped, and gives their attestations. What serve refuses, to ask instances on loopback, is
// allowed here.
func (s *site) issue() (marie, karim issuedAnswer) {
	s.t.Helper()
	cfg, err := config.Load(s.dir+confFile, s.settings("8081"))
	must(s.t, err)
	ctx, cancel := context.WithTimeout(s.t.Context(), demoTime)
	defer cancel()
	w := &world{config: cfg, remove: func() error { return nil }}
	defer func() { must(s.t, w.close()) }()
	w.sandbox, err = sandbox.Start(ctx, sandbox.Options{})
	must(s.t, err)
	w.config.SMTPURL, w.config.SMTPPasswordFile = "smtp://"+w.sandbox.Mailbox.Addr(), ""
	w.config.Resolver = w.sandbox.Resolver.Addr()
	w.app, err = app.New(ctx, app.Options{
		Config: w.config, Version: "test", Log: slog.New(slog.DiscardHandler), Outbound: safehttp.Policy{AllowLoopback: true},
	})
	must(s.t, err)
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- w.app.Run(serving) }()
	defer func() {
		stop()
		must(s.t, <-served)
	}()
	<-w.app.Ready()
	desk, err := app.OpenDesk(ctx, w.config)
	must(s.t, err)
	defer desk.Close()
	st := w.story(desk)
	for _, a := range []*agent{st.marie, st.karim} {
		must(s.t, st.obtains(ctx, a))
	}
	return st.marie.issued, st.karim.issued
}

// obtains goes an agent's whole way.
func (s *story) obtains(ctx context.Context, a *agent) error {
	if _, err := s.asks(ctx, a); err != nil {
		return err
	}
	callback, err := s.signIn(ctx, a)
	if err != nil {
		return err
	}
	if status, _, err := a.visit(ctx, callback, a.cookie); err != nil || status != http.StatusOK {
		return errors.Join(err, errors.New("the sign-in came to nothing"))
	}
	if _, err := s.typesCode(ctx, a); err != nil {
		return err
	}
	_, err = s.getsIssued(ctx, a)
	return err
}

// checks gives the verdict of cocarde verify on an attestation, and the code.
func (s *site) checks(token string) (status int, said string) {
	s.t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(s.t.Context(), "cocarde", "verify", "-", "--issuer", s.origin, "--json")
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.environ(), strings.NewReader(token), &out, &out
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// hold fails unless attestations verify. It waits where nobody can know: for a moment after a key is
// revoked, the status list is signed by it still.
func (s *site) hold(tokens ...string) {
	s.t.Helper()
	for _, token := range tokens {
		status, said := s.checks(token)
		for began := time.Now(); status == exitUnknown && time.Since(began) < patience; {
			status, said = s.checks(token)
		}
		if status != exitOK {
			s.t.Errorf("exit status %d: %s", status, said)
		}
	}
}

// holdNot waits until attestations are refused with a code: servers follow a command.
func (s *site) holdNot(code string, tokens ...string) {
	s.t.Helper()
	wanted := regexp.MustCompile(`^{\s*"valid": ?false,\s*"outcome": ?"invalid",\s*"code": ?"` + code + `"`)
	for _, token := range tokens {
		said := ""
		for began := time.Now(); !wanted.MatchString(said); {
			if time.Since(began) > patience {
				s.t.Fatalf("want the code %s: %s", code, said)
			}
			_, said = s.checks(token)
		}
	}
}

// founded is a site whose issuer has issued two attestations, and serves.
func founded(t *testing.T, s *site) (marie, karim string) {
	t.Helper()
	if s.database != nil {
		s.makesDatabase()
		s.sh("cocarde db migrate " + s.conf())
	}
	first, second := s.issue()
	s.serve("8081")
	return first.Public, second.Public
}

// makesDatabase follows the recipe, on a server where another role has the name.
func (s *site) makesDatabase() {
	s.t.Helper()
	must(s.t, s.database.Exec(s.t.Context(), "postgres", `ALTER ROLE cocarde RENAME TO of_the_tests`))
	s.run("a database on PostgreSQL")
}
