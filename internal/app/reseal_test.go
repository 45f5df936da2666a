package app_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"cocarde.example/internal/app"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
)

// TestResealTakesNoCopy: under another name the secret in use is the secret in use still, and
// nothing is touched.
func TestResealTakesNoCopy(t *testing.T) {
	t.Parallel()
	c := settings(t, t.TempDir())
	founded(t, c)
	before := wrapped(t, c.Database)
	secret, err := os.ReadFile(c.SecretFile)
	must(t, err)
	for name, text := range map[string][]byte{"byte for byte": secret, "without the line's end": bytes.TrimSpace(secret)} {
		path := filepath.Join(t.TempDir(), "copy")
		must(t, os.WriteFile(path, text, 0o600))
		if err := app.Reseal(t.Context(), c, path); fault.Code(err) != "secret_same" {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, text) {
			t.Errorf("%s: the copy was changed: %v", name, err)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(c.SecretFile, link))
	if err := app.Reseal(t.Context(), c, link); fault.Code(err) != "secret_same" {
		t.Errorf("a link to it: %v", err)
	}
	if !maps.EqualFunc(before, wrapped(t, c.Database), bytes.Equal) {
		t.Error("the data keys were wrapped anew")
	}
}

// wrapped gives the data keys as they rest.
func wrapped(t *testing.T, database string) map[string][]byte {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Database: database})
	must(t, err)
	id, _, err := s.Identity(t.Context())
	must(t, err)
	must(t, s.Close())
	return id.WrappedKeys
}
