package chain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
)

// founded makes an issuer in a directory, which must come about, and ends it.
func founded(t *testing.T, dir string, change ...func(*setup)) {
	t.Helper()
	a, err := newApp(t, dir, change...)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

func newApp(t *testing.T, dir string, change ...func(*setup)) (*app.App, error) {
	t.Helper()
	s := usual(dir)
	s.environ = append(s.environ, "COCARDE_URL=http://cocarde.localhost") // so that the port does not count
	for _, f := range change {
		f(s)
	}
	var err error
	if s.options.Config, err = config.Load("", s.environ); err != nil {
		t.Fatal(err)
	}
	return app.New(context.WithoutCancel(t.Context()), s.options)
}

func wantFault(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Fatalf("got %v (%s), want %s", err, fault.Code(err), code)
	}
	if f, ok := fault.Of(err); !ok || len(f.Message) < 40 {
		t.Errorf("the refusal does not say what to do: %v", err)
	}
}

func TestASecondProcessOnADataDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := newApp(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = newApp(t, dir)
	wantFault(t, err, "data_dir_in_use")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	founded(t, dir) // whoever ended gave it back
}

func TestADatabaseIsOfOneIssuerAndOneSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	founded(t, dir)
	secret := filepath.Join(dir, "secret")
	for _, path := range []string{secret, filepath.Join(dir, "cocarde.db")} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 {
			t.Errorf("%s is %v", filepath.Base(path), info.Mode())
		}
	}
	t.Run("another origin", func(t *testing.T) {
		_, err := newApp(t, dir, func(s *setup) { s.environ = append(s.environ, "COCARDE_URL=https://other.example") })
		wantFault(t, err, "issuer_other")
	})
	t.Run("as the demo's", func(t *testing.T) {
		_, err := newApp(t, dir, func(s *setup) { s.options.Demo = true })
		wantFault(t, err, "database_not_of_demo")
	})
	t.Run("a secret that others may read", func(t *testing.T) {
		if err := os.Chmod(secret, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := newApp(t, dir)
		wantFault(t, err, "secret_unusable")
		if err := os.Chmod(secret, 0o600); err != nil {
			t.Fatal(err)
		}
		founded(t, dir)
	})
	t.Run("without its secret", func(t *testing.T) {
		if err := os.Rename(secret, secret+".away"); err != nil {
			t.Fatal(err)
		}
		_, err := newApp(t, dir)
		wantFault(t, err, "secret_unusable")
		if _, err := os.Stat(secret); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a secret was made anew: %v", err)
		}
	})
	t.Run("with another's secret", func(t *testing.T) {
		other := t.TempDir()
		founded(t, other)
		_, err := newApp(t, dir, func(s *setup) { s.environ = append(s.environ, "COCARDE_SECRET_FILE="+filepath.Join(other, "secret")) })
		wantFault(t, err, "secret_unusable")
	})
}

func TestADatabaseOfTheDemoIsRefusedByServe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	founded(t, dir, func(s *setup) { s.options.Demo = true })
	_, err := newApp(t, dir)
	wantFault(t, err, "database_of_demo")
	founded(t, dir, func(s *setup) { s.options.Demo = true })
}

func TestAFileThatIsNoDatabaseOfOursIsNotTouched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "cocarde.db")
	text := []byte("This is a letter, and no database; it is long enough to have a header of a hundred bytes, and then some more.")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := newApp(t, dir)
	wantFault(t, err, "database_corrupt")
	if now, err := os.ReadFile(path); err != nil || string(now) != string(text) {
		t.Errorf("the file was changed: %v", err)
	}
}

func TestAnIssuerGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url := func(s *setup) { s.environ = append(s.environ, "COCARDE_URL=http://cocarde.localhost") }
	first, err := startWorld(dir, url)
	if err != nil {
		t.Fatal(err)
	}
	before := first.visitor(t)
	before.origin = "http://" + first.app.Addr()
	keys, list := before.get("/.well-known/jwks.json").text, before.get("/status/1").text
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second, err := startWorld(dir, url)
	if err != nil {
		t.Fatal(err)
	}
	after := second.visitor(t)
	after.origin = "http://" + second.app.Addr()
	if after.get("/.well-known/jwks.json").text != keys || after.get("/status/1").text != list {
		t.Error("what was published differs after a restart")
	}
	if err := second.stop(); err != nil {
		t.Fatal(err)
	}
}
