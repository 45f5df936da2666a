package app

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/keys"
)

// Who wraps the data keys second, from what stood before, is told so, and leaves no file that
// opens nothing. A file that stood before stays: it may be somebody's.
func TestResealComesSecond(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, onServer bool) {
		i := newIssuer(t, onServer)
		s, err := store.Open(t.Context(), store.Options{Database: i.Database})
		ok(t, err)
		defer func() { ok(t, s.Close()) }()
		found, _, err := s.Identity(t.Context())
		ok(t, err)
		dir := t.TempDir()
		first, second, stood := filepath.Join(dir, "first"), filepath.Join(dir, "second"), filepath.Join(dir, "stood")
		_, err = keys.CreateSecret(stood)
		ok(t, err)
		ok(t, reseal(t.Context(), s, found, i.SecretFile, first))
		for _, path := range []string{second, stood} {
			i.wants(reseal(t.Context(), s, found, i.SecretFile, path), "reseal_under_way")
		}
		ok(t, reseal(t.Context(), s, found, i.SecretFile, first)) // it is done, by whoever was faster with the same file
		left, err := os.ReadDir(dir)
		ok(t, err)
		if len(left) != 2 || left[0].Name() != "first" || left[1].Name() != "stood" {
			t.Errorf("there is %v", left)
		}
		ok(t, os.Rename(first, i.SecretFile))
		i.serves("")
	})
}

// Of many at once one wraps the data keys, and only its file is left.
func TestResealsAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, onServer bool) {
		i := newIssuer(t, onServer)
		dir := t.TempDir()
		errs := make(chan error, 6)
		for n := range cap(errs) {
			go func() {
				// Two each have a directory and a file in common.
				path := filepath.Join(dir, string(rune('a'+n/2)))
				errs <- errors.Join(os.MkdirAll(path, 0o700), Reseal(t.Context(), i.Config, filepath.Join(path, "secret")))
			}()
		}
		for range cap(errs) {
			err := <-errs
			// A late one finds that the former secret opens nothing any more, or that its file does already.
			if err != nil && !slices.Contains([]string{"reseal_under_way", "secret_unusable"}, fault.Code(err)) {
				t.Errorf("it fails with %v", err)
			}
		}
		left, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		ok(t, err)
		if len(left) != 1 {
			t.Fatalf("there are %q", left)
		}
		ok(t, os.Rename(left[0], i.SecretFile))
		i.serves("")
	})
}

// A call while another has the directory changes nothing. What one that was killed has left
// goes with the next.
func TestResealBesideAnother(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, false)
	dir := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(dir, ".secret.draft-42"), []byte("a draft"), 0o600))
	lock, err := lockSecrets(dir)
	ok(t, err)
	i.wants(Reseal(t.Context(), i.Config, filepath.Join(dir, "secret")), "reseal_under_way")
	ok(t, lock.Close())
	ok(t, Reseal(t.Context(), i.Config, filepath.Join(dir, "secret")))
	left, err := os.ReadDir(dir)
	ok(t, err)
	if len(left) != 1 || left[0].Name() != "secret" {
		t.Errorf("there is %v", left)
	}
}

// A backup from before is this issuer's still: the message says which secret opens it, and with that
// it is restored.
func TestRestoreFromBeforeAReseal(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, false)
	i.backsUp()
	former, next := i.SecretFile, filepath.Join(t.TempDir(), "secret")
	ok(t, Reseal(t.Context(), i.Config, next))
	i = i.elsewhere()
	i.SecretFile = next
	f, _ := fault.Of(i.tries(false))
	if f == nil || f.Code != "backup_other_keys" || !strings.Contains(f.Message, "`cocarde keys reseal`") || !strings.Contains(f.Message, "secret.former") {
		t.Errorf("got %v", f)
	}
	i.SecretFile = former
	i.restores(false, "")
	again := filepath.Join(t.TempDir(), "secret")
	ok(t, Reseal(t.Context(), i.Config, again))
	i.SecretFile = again
	i.serves("")
}
