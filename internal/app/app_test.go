package app_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
)

const origin = "http://127.0.0.1:8080"

// settings gives a configuration with its data in a directory.
func settings(t *testing.T, dir string, more ...string) config.Config {
	t.Helper()
	c, err := config.Load("", append([]string{"COCARDE_ADDR=127.0.0.1:0", "COCARDE_URL=" + origin, "COCARDE_DATA_DIR=" + dir}, more...))
	must(t, err)
	return c
}

func options(c config.Config) app.Options {
	return app.Options{Config: c, Version: "test", Log: slog.New(slog.DiscardHandler)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// founded makes an issuer and stops it again.
func founded(t *testing.T, c config.Config) {
	t.Helper()
	a, err := app.New(t.Context(), options(c))
	must(t, err)
	must(t, a.Close())
}

func refused(t *testing.T, o app.Options, code string) error {
	t.Helper()
	a, err := app.New(t.Context(), o)
	if err == nil {
		_ = a.Close()
	}
	if fault.Code(err) != code {
		t.Fatalf("got %v, want the fault %s", err, code)
	}
	return err
}

func TestRun(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := options(settings(t, t.TempDir()))
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	a, err := app.New(t.Context(), o)
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	<-a.Ready()
	for path, want := range map[string]string{"/healthz": "", "/readyz": "", "/status/1": "ey", "/.well-known/jwks.json": `{"keys":[`} {
		resp, err := http.Get("http://" + a.Addr() + path)
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		must(t, errors.Join(err, resp.Body.Close()))
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), want) {
			t.Errorf("%s: %d %.60s", path, resp.StatusCode, body)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	must(t, <-done)
	must(t, a.Close())
	if a.Origin() != origin || strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("%s\n%s", a.Origin(), log.String())
	}
}

func TestSecondServer(t *testing.T) {
	t.Parallel()
	c := settings(t, t.TempDir())
	a, err := app.New(t.Context(), options(c))
	must(t, err)
	refused(t, options(c), "data_dir_in_use")
	must(t, a.Close())
	founded(t, c) // the lock went with the first
}

func TestOtherIssuer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	founded(t, settings(t, dir))
	err := refused(t, options(settings(t, dir, "COCARDE_URL=https://other.example")), "issuer_other")
	if f, _ := fault.Of(err); !strings.Contains(f.Unwrap().Error(), origin) {
		t.Errorf("it does not name the database's issuer: %v", f.Unwrap())
	}
}

// What a command does, it does to the issuer that the settings name.
func TestCommandsOnAnotherIssuer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	founded(t, settings(t, dir))
	other := settings(t, dir, "COCARDE_URL=https://other.example")
	id, err := age.GenerateX25519Identity()
	must(t, err)
	for what, act := range map[string]func(context.Context) error{
		"migrate": func(ctx context.Context) error { _, err := app.MigrateDatabase(ctx, other); return err },
		"desk":    func(ctx context.Context) error { _, err := app.OpenDesk(ctx, other); return err },
		"reseal":  func(ctx context.Context) error { return app.Reseal(ctx, other, filepath.Join(t.TempDir(), "new")) },
		"replay":  func(ctx context.Context) error { _, err := app.ReplayDatabase(ctx, other, true); return err },
		"backup": func(ctx context.Context) error {
			return app.BackupDatabase(ctx, other, "-", io.Discard, app.Recipients{Keys: []string{id.Recipient().String()}}, func(int64, int64) {})
		},
	} {
		if err := act(t.Context()); fault.Code(err) != "issuer_other" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if s, err := app.DatabaseStatus(t.Context(), other); err != nil || s.Issuer != origin {
		t.Errorf("a look tells whose it is: %+v, %v", s, err)
	}
}

func TestDemoMark(t *testing.T) {
	t.Parallel()
	demo := func(c config.Config) app.Options {
		o := options(c)
		o.Demo = true
		return o
	}
	c := settings(t, t.TempDir())
	founded(t, c)
	refused(t, demo(c), "database_not_of_demo")
	c = settings(t, t.TempDir())
	a, err := app.New(t.Context(), demo(c))
	must(t, err)
	must(t, a.Close())
	refused(t, options(c), "database_of_demo")
}

// A secret that is missing, another, or open to others opens nothing, and is
// never made anew while the database holds what it sealed.
func TestSecret(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"missing": os.Remove,
		"exposed": func(path string) error { return os.Chmod(path, 0o644) },
		"garbage": func(path string) error { return os.WriteFile(path, []byte("not a secret"), 0o600) },
		"another": func(path string) error {
			other := t.TempDir()
			founded(t, settings(t, other))
			return os.Rename(filepath.Join(other, "secret"), path)
		},
	} {
		dir := t.TempDir()
		c := settings(t, dir)
		founded(t, c)
		before, err := os.ReadFile(c.SecretFile)
		must(t, err)
		must(t, spoil(c.SecretFile))
		refused(t, options(c), "secret_unusable")
		if _, err := app.OpenDesk(t.Context(), c); fault.Code(err) != "secret_unusable" {
			t.Errorf("%s: the desk opens: %v", name, err)
		}
		if _, err := os.Stat(c.SecretFile); name == "missing" && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("it was made anew: %v", err)
		}
		must(t, os.RemoveAll(c.SecretFile))
		must(t, os.WriteFile(c.SecretFile, before, 0o600))
		founded(t, c)
	}
}

// The secret may stand before the database does: an operator put it there.
func TestSecretGiven(t *testing.T) {
	t.Parallel()
	first, c := settings(t, t.TempDir()), settings(t, t.TempDir())
	founded(t, first)
	secret, err := os.ReadFile(first.SecretFile)
	must(t, err)
	must(t, os.WriteFile(c.SecretFile, secret, 0o600))
	founded(t, c)
	if now, err := os.ReadFile(c.SecretFile); err != nil || !bytes.Equal(now, secret) {
		t.Errorf("it was replaced: %v", err)
	}
}

// Of processes that find an empty database at once, one founds the issuer, and
// all of them are it.
func TestFoundingAtOnce(t *testing.T) {
	t.Parallel()
	shared := t.TempDir()
	var processes sync.WaitGroup
	for range 4 {
		c := settings(t, t.TempDir(), "COCARDE_DATABASE="+filepath.Join(shared, "cocarde.db"), "COCARDE_SECRET_FILE="+filepath.Join(shared, "secret"),
			"COCARDE_PUBLISHED_DIR="+filepath.Join(shared, "published"))
		processes.Go(func() {
			a, err := app.New(t.Context(), options(c))
			if err != nil {
				t.Error(err)
				return
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	processes.Wait()
}

// The warning is for a secret that leaves with the database, and for no other.
func TestWarnsOfSecretBeside(t *testing.T) {
	t.Parallel()
	for elsewhere, want := range map[bool]bool{false: true, true: false} {
		var more []string
		if elsewhere {
			more = append(more, "COCARDE_SECRET_FILE="+filepath.Join(t.TempDir(), "secret"))
		}
		var log bytes.Buffer
		o := options(settings(t, t.TempDir(), more...))
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		a, err := app.New(t.Context(), o)
		must(t, err)
		must(t, a.Close())
		if got := strings.Contains(log.String(), "beside the database"); got != want {
			t.Errorf("secret elsewhere: %v; warned: %v", elsewhere, got)
		}
	}
}

// A wrong setting is refused before anything is bound to it.
func TestWrongMailSettings(t *testing.T) {
	t.Parallel()
	password := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(password, []byte("hunter2\r\n"), 0o600))
	for _, wrong := range [][]string{
		{"COCARDE_SMTP_URL=gopher://mail.example"},
		{"COCARDE_SMTP_URL=smtps://user:hunter2@mail.example"},
		{"COCARDE_SMTP_URL=smtps://user@mail.example", "COCARDE_SMTP_PASSWORD_FILE=" + password + ".none"},
	} {
		c := settings(t, t.TempDir(), wrong...)
		err := refused(t, options(c), "setting_unusable")
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error holds the password: %v", err)
		}
		if _, err := os.Stat(c.Database); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: a database was made: %v", wrong, err)
		}
	}
	founded(t, settings(t, t.TempDir(), "COCARDE_SMTP_URL=smtps://user@mail.example", "COCARDE_SMTP_PASSWORD_FILE="+password))
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	a, err := app.New(t.Context(), options(settings(t, t.TempDir())))
	must(t, err)
	defer a.Close()
	_, err = app.New(t.Context(), options(settings(t, t.TempDir(), "COCARDE_ADDR="+a.Addr())))
	if err == nil || !strings.Contains(err.Error(), "COCARDE_ADDR") {
		t.Errorf("%v", err)
	}
}

// The desk and the look at the database make nothing.
func TestDesk(t *testing.T) {
	t.Parallel()
	c := settings(t, t.TempDir())
	for _, err := range []error{
		func() error { _, err := app.OpenDesk(t.Context(), c); return err }(),
		func() error { _, err := app.DatabaseStatus(t.Context(), c); return err }(),
	} {
		if f, ok := fault.Of(err); !ok || f.Code != "database_missing" || !strings.Contains(f.Unwrap().Error(), c.Database) {
			t.Errorf("%v", err)
		}
	}
	if _, err := os.Stat(c.Database); !errors.Is(err, os.ErrNotExist) {
		t.Error("a database was made")
	}
	founded(t, c)
	d, err := app.OpenDesk(t.Context(), c)
	must(t, err)
	must(t, d.Close())
	s, err := app.DatabaseStatus(t.Context(), c)
	if err != nil || s.Issuer != origin || s.Schema == 0 || s.Schema != s.Known {
		t.Errorf("%+v, %v", s, err)
	}
}
