package app

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"cocarde.example/internal/fault"
)

// What stands in the way of a restore is told with what to do about it; nothing is
// left behind, and the restore goes well once that is done.
func TestRestoreSays(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, false)
	i.backsUp()
	nothing := func() error { return nil }
	swap := func(path string, with func() error) (func() error, func() error) {
		aside := path + ".aside"
		return func() error { return errors.Join(os.Rename(path, aside), with()) },
			func() error { return errors.Join(os.RemoveAll(path), os.Rename(aside, path)) }
	}
	noSecret, secret := swap(i.SecretFile, nothing)
	garbage, mended := swap(i.SecretFile, func() error { return os.WriteFile(i.SecretFile, []byte("garbage"), 0o600) })
	another, own := swap(i.SecretFile, func() error {
		_, _, err := takeSecret(i.SecretFile)
		return err
	})
	noRecord, recorded := swap(i.PublishedDir, nothing)
	noBackup, backedUp := swap(i.backup, nothing)
	aDirectory, aFile := swap(i.backup, func() error { return os.Mkdir(i.backup, 0o700) })
	for what, c := range map[string]struct {
		spoil, mend  func() error
		code         string
		says, doesnt string
	}{
		"no secret":         {noSecret, secret, "secret_unusable", "COCARDE_SECRET_FILE", ""},
		"a garbage secret":  {garbage, mended, "secret_unusable", "COCARDE_SECRET_FILE", ""},
		"another's secret":  {another, own, "backup_other_keys", "COCARDE_SECRET_FILE", ""},
		"no record":         {noRecord, recorded, "record_missing", "`cocarde db restore --without-record`", "db replay"},
		"no backup":         {noBackup, backedUp, "backup_unreadable", "name", ""},
		"no file as backup": {aDirectory, aFile, "backup_unreadable", "name", ""},
	} {
		ok(t, c.spoil())
		to := i.elsewhere()
		f, _ := fault.Of(to.tries(false))
		if f == nil || f.Code != c.code || !strings.Contains(f.Message, c.says) || c.doesnt != "" && strings.Contains(f.Message, c.doesnt) {
			t.Errorf("%s: got %v", what, f)
		}
		if left, _ := filepath.Glob(to.Database + "*"); len(left) != 0 {
			t.Errorf("%s: there is left %q", what, left)
		}
		ok(t, c.mend())
		to.restores(false, "")
	}
	to := i.elsewhere()
	to.URL = "https://other.example"
	if f, _ := fault.Of(to.tries(false)); f == nil || f.Code != "issuer_other" {
		t.Errorf("another issuer's settings: got %v", f)
	}
	ok(t, noRecord())
	_, err := ReplayDatabase(t.Context(), i.Config, false)
	if f, _ := fault.Of(err); f == nil || !strings.Contains(f.Message, "`cocarde db replay --without-record`") {
		t.Errorf("a replay says %v", err)
	}
	ok(t, recorded())
}

// A file that holds nothing is as good as none; what holds something is not touched,
// and nobody is told to migrate it.
func TestRestoreOver(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, false)
	i.backsUp()
	for what, content := range map[string]string{"nothing": "", "garbage": strings.Repeat("garbage ", 1000)} {
		to := i.elsewhere()
		ok(t, os.WriteFile(to.Database, []byte(content), 0o600))
		if content == "" {
			to.restores(false, "")
			continue
		}
		to.restores(false, "database_not_empty")
		if left, err := os.ReadFile(to.Database); err != nil || string(left) != content {
			t.Errorf("%s was touched: %v", what, err)
		}
	}
}

// Who comes second is not told of a server: it may be a command that has the place.
func TestRestoresAtOnce(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, false)
	i.backsUp()
	to := i.elsewhere()
	lock, err := lockDataDir(to.DataDir)
	ok(t, err)
	f, _ := fault.Of(to.tries(false))
	if f == nil || f.Code != "data_dir_in_use" || !strings.Contains(f.Message, "restore") {
		t.Errorf("got %v", f)
	}
	ok(t, lock.Close())
	to.restores(false, "")
}

// A backup comes by standard input too, also where it is read twice; none is told like a file that
// is not whole.
func TestRestoreFromStandardInput(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, onServer bool) {
		i := newIssuer(t, onServer)
		i.backsUp()
		text, err := os.ReadFile(i.backup)
		ok(t, err)
		for what, c := range map[string]struct {
			in   io.Reader
			code string
		}{
			"whole":  {iotest.HalfReader(bytes.NewReader(text)), ""},
			"empty":  {strings.NewReader(""), "backup_damaged"},
			"cut":    {bytes.NewReader(text[:len(text)-1]), "backup_damaged"},
			"broken": {io.MultiReader(bytes.NewReader(text[:len(text)-1]), iotest.ErrReader(errors.New("broken"))), "backup_unreadable"},
		} {
			to := i.elsewhere()
			_, err := RestoreDatabase(t.Context(), to.Config, Restoring{File: "-", In: c.in, Identity: i.identity, Progress: func(int64, int64) {}})
			if err == nil && c.code != "" || err != nil && fault.Code(err) != c.code {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// A record that is begun anew says whether something was put aside for it.
func TestWhatIsPutAside(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, false)
	if done := i.replays(true, ""); !done.SetAside {
		t.Errorf("it says that nothing was there: %+v", done)
	}
	ok(t, os.RemoveAll(i.PublishedDir))
	if done := i.replays(true, ""); done.SetAside {
		t.Errorf("it says that something was there: %+v", done)
	}
}
