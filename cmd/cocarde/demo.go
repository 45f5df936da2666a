package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/sandbox"
)

// demoTime bounds a demo that goes the whole way by itself.
const demoTime = 2 * time.Minute

func newDemo() *cobra.Command {
	var once, asJSON bool
	c := &cobra.Command{
		Use: "demo", Short: "Run an issuer with a small fediverse instance, a mailbox and a resolver", Args: noArgs,
		Long: `Run an issuer on this machine together with all that it needs to be tried: a
small fediverse instance, a mailbox and a resolver, each a real server on
loopback. Nothing leaves the machine. COCARDE_ADDR and COCARDE_DATA_DIR count.

With --once the demo goes the whole way by itself, over real HTTP, SMTP and DNS,
tells each step, and ends with status 0 only if each did what it should.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && !once {
				return usage{errors.New("--json goes with --once")}
			}
			if once {
				return demoOnce(cmd, asJSON)
			}
			return demoServe(cmd)
		},
	}
	c.Flags().BoolVar(&once, "once", false, "go the whole way once, then end")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object with what was made")
	return c
}

// world is a demo that stands: the sandbox, the issuer, and where its data lies.
type world struct {
	sandbox *sandbox.Sandbox
	app     *app.App
	config  config.Config
	remove  func() error
}

// openWorld starts the sandbox and an issuer that knows no other mail server and
// no other resolver.
func openWorld(ctx context.Context, cmd *cobra.Command, freePort bool, log *slog.Logger) (w *world, err error) {
	cfg, err := loadConfig(cmd)
	if err != nil {
		return nil, err
	}
	w = &world{config: cfg, remove: func() error { return nil }}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if err := w.place(freePort); err != nil {
		return w, err
	}
	if w.sandbox, err = sandbox.Start(ctx, sandbox.Options{}); err != nil {
		return w, err
	}
	w.config.SMTPURL, w.config.SMTPPasswordFile = "smtp://"+w.sandbox.Mailbox.Addr(), ""
	w.config.Resolver = w.sandbox.Resolver.Addr()
	w.app, err = app.New(ctx, app.Options{
		Config: w.config, Version: version, Log: log, Demo: true,
		Outbound: safehttp.Policy{AllowLoopback: true},
	})
	return w, err
}

// place decides where the demo listens and keeps its data, and refuses what
// could be mistaken for a real issuer.
func (w *world) place(freePort bool) error {
	if u, err := url.Parse(w.config.URL); err != nil || u.Scheme == "https" {
		return usage{errors.New("cocarde demo is for loopback only: unset COCARDE_URL")}
	}
	if freePort {
		w.config.Addr, w.config.URL = "127.0.0.1:0", ""
	}
	if !w.config.DataDirGiven() || freePort {
		dir, err := os.MkdirTemp("", "cocarde-demo-")
		if err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
		w.remove = func() error { return os.RemoveAll(dir) }
		w.config.DataDir = dir
		w.config.Database, w.config.SecretFile = filepath.Join(dir, "cocarde.db"), filepath.Join(dir, "secret")
		w.config.PublishedDir = filepath.Join(dir, "published")
	}
	return nil
}

func (w *world) close() error {
	var errs []error
	if w.app != nil {
		errs = append(errs, w.app.Close())
	}
	if w.sandbox != nil {
		errs = append(errs, w.sandbox.Close())
	}
	return errors.Join(append(errs, w.remove())...)
}

// demoServe runs until it is interrupted.
func demoServe(cmd *cobra.Command) (err error) {
	ctx, stop := untilStopped(cmd)
	defer stop()
	w, err := openWorld(ctx, cmd, false, newLog(cmd))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	out := cmd.OutOrStdout()
	w.welcome(out)
	printed := make(chan error, 1)
	go func() { printed <- printMail(ctx, out, w.sandbox.Mailbox) }()
	defer func() {
		stop()
		err = errors.Join(err, <-printed)
	}()
	return w.app.Run(ctx)
}

// printMail prints every mail that arrives, until the context ends.
func printMail(ctx context.Context, out io.Writer, mailbox *sandbox.Mailbox) error {
	for n := 1; ; n++ {
		m, err := mailbox.Wait(ctx, "", n)
		if err != nil {
			return nil // the demo ends
		}
		_, err = fmt.Fprintf(out, "--- mail to %s ---\nSubject: %s\n\n%s\n---\n\n",
			strings.Join(m.To, ", "), m.Subject, strings.TrimSpace(m.Text))
		if err != nil {
			return fmt.Errorf("print mail: %w", err)
		}
	}
}

func (w *world) welcome(out io.Writer) {
	fmt.Fprintf(out, `
Cocarde demo. Nothing here leaves this machine; stop it with Ctrl-C.

  issuer     %s
  ask        %s/request
  contract   %s/docs
  instance   %s
  mail       %s
`, w.app.Origin(), w.app.Origin(), w.app.Origin(), w.sandbox.Instance.BaseURL(), w.sandbox.Instance.MailURL())
	for _, l := range sandbox.DefaultLogins {
		fmt.Fprintf(out, "  account    %s  password %s\n", w.sandbox.Accounts[l.Username].Handle(), l.Password)
	}
	fmt.Fprintf(out, `
Ask for an attestation, then open the authorize_url that comes back:

  curl -s %s/v1/requests -H 'Content-Type: application/json' -d '{
    "handle": "%s", "email": "marie.dupont@culture.gouv.fr",
    "account_proof": {"method": "oauth"}, "lang": "fr"}'

Mail that the issuer sends is printed here.

`, w.app.Origin(), w.sandbox.Accounts[sandbox.DefaultLogins[0].Username].Handle())
}

// demoOnce goes the whole way.
func demoOnce(cmd *cobra.Command, asJSON bool) (err error) {
	ctx, stopped := untilStopped(cmd)
	defer stopped()
	ctx, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	w, err := openWorld(ctx, cmd, true, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- w.app.Run(serving) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served)
	}()
	select {
	case <-w.app.Ready():
	case <-ctx.Done():
		return errors.New("the issuer did not become ready in time")
	}
	desk, err := app.OpenDesk(ctx, w.config)
	if err != nil {
		return err
	}
	defer desk.Close()

	s := w.story(desk)
	if !asJSON {
		s.tell = func(done step) { tell(cmd.OutOrStdout(), done) }
	}
	ok := s.run(ctx)
	if err := s.print(cmd.OutOrStdout(), asJSON); err != nil {
		return err
	}
	if !ok {
		return exit(exitFailed)
	}
	return nil
}

// story gives two agents of the sandbox to the demo.
func (w *world) story(desk *app.Desk) *story {
	logins := sandbox.DefaultLogins
	client := safehttp.New(safehttp.Policy{AllowLoopback: true, UserAgent: safehttp.UserAgent(version, w.app.Origin())})
	person := func(l sandbox.Login, mailbox string) *agent {
		return &agent{
			issuer: w.app.Origin(), http: client, user: l.Username, password: l.Password,
			handle: w.sandbox.Accounts[l.Username].Handle(), mailbox: mailbox,
		}
	}
	return &story{
		surroundings: surroundings{
			issuer: w.app.Origin(),
			signIn: func(ctx context.Context, a *agent) (string, error) {
				return sandbox.SignIn(ctx, client, a.request.AuthorizeURL, a.user, a.password)
			},
			mailed: func(ctx context.Context, mailbox string) (string, error) {
				ctx, cancel := context.WithTimeout(ctx, within)
				defer cancel()
				m, err := w.sandbox.Mailbox.Wait(ctx, mailbox, 1)
				return sandbox.Code(m), err
			},
			mails:  func(mailbox string) int { return len(w.sandbox.Mailbox.Messages(mailbox)) },
			badges: desk.Badges,
		},
		marie: person(logins[0], "marie.dupont@culture.gouv.fr"),
		karim: person(logins[1], "karim.benali@insee.fr"),
		tell:  func(step) {},
	}
}

func tell(out io.Writer, done step) {
	mark := "ok    "
	if !done.OK {
		mark = "FAILED"
	}
	fmt.Fprintf(out, "%s  %s: %s\n", mark, done.Name, done.Detail)
}

// print ends the demo: the record for programs, or the attestations with their
// reports for people.
func (s *story) print(out io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(s.record)
	}
	for _, a := range s.record.Attestations {
		fmt.Fprintf(out, "\n%s\n%s\n\n%s\n", a.Handle, strings.Repeat("-", len(a.Handle)), a.Public)
		printReport(out, a.Report)
	}
	return nil
}
