package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func fixedSecret() Secret { return newSecret(bytes.Repeat([]byte{1}, keySize)) }

func TestSecretFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	if _, err := OpenSecret(path); !errors.Is(err, ErrSecretAbsent) {
		t.Fatalf("absent file: %v", err)
	}
	made, err := CreateSecret(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v (%v), want 0600", info.Mode(), err)
	}
	opened, err := OpenSecret(path)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := opened.Unwrap("a", made.Wrap("a", []byte("key")))
	if err != nil || string(plain) != "key" {
		t.Errorf("the opened secret is not the one that was made: %q, %v", plain, err)
	}
	before, _ := os.ReadFile(path)
	if _, err := CreateSecret(path); !errors.Is(err, ErrSecretExists) {
		t.Errorf("second creation: %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the second creation changed the file")
	}
}

func TestSameSecret(t *testing.T) {
	t.Parallel()
	one, other := fixedSecret(), newSecret(bytes.Repeat([]byte{2}, keySize))
	if !one.Same(fixedSecret()) || !other.Same(other) {
		t.Error("a secret is not the same as itself")
	}
	if one.Same(other) || other.Same(one) {
		t.Error("two secrets are the same")
	}
}

func TestSecretFileInAMissingFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none", "secret")
	if _, err := CreateSecret(path); err == nil || errors.Is(err, ErrSecretExists) {
		t.Errorf("CreateSecret: %v", err)
	}
}

func TestOpenSecretRefuses(t *testing.T) {
	t.Parallel()
	key := base64.StdEncoding.EncodeToString(make([]byte, keySize))
	short := base64.StdEncoding.EncodeToString(make([]byte, keySize-1))
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		want       error
	}{
		{"as written", secretHeader + key + "\n", 0o600, nil},
		{"read-only, no line end", secretHeader + key, 0o400, nil},
		{"group may read", secretHeader + key + "\n", 0o640, ErrSecretExposed},
		{"others may write", secretHeader + key + "\n", 0o602, ErrSecretExposed},
		{"empty", "", 0o600, ErrSecretMalformed},
		{"no header", key + "\n", 0o600, ErrSecretMalformed},
		{"another version", "cocarde-secret-v2\n" + key + "\n", 0o600, ErrSecretMalformed},
		{"short key", secretHeader + short + "\n", 0o600, ErrSecretMalformed},
		{"line ends inside", secretHeader + key[:40] + "\n\n\n=\n", 0o600, ErrSecretMalformed},
		{"trailing text", secretHeader + key + "\nmore\n", 0o600, ErrSecretMalformed},
		{"huge", secretHeader + strings.Repeat("A", 1<<20), 0o600, ErrSecretMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil { // past the umask
				t.Fatal(err)
			}
			_, err := OpenSecret(path)
			if !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), key[:8]) {
				t.Errorf("the error quotes the file: %v", err)
			}
		})
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSecret(folder); !errors.Is(err, ErrSecretMalformed) {
		t.Errorf("a folder: %v", err)
	}
}

func TestSecretsPrintRedacted(t *testing.T) {
	t.Parallel()
	_, data := NewDataKeys(fixedSecret())
	key := fixedKey(t, 1)
	ring, err := NewRing(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{
		"secret": fixedSecret(), "data keys": data, "data key": data.Lookup,
		"sealer": data.Sealing, "actor key": ActorKey{}.Lazy(data.Sealing), "ring": ring,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, v); got != redaction {
				t.Errorf("%s: %s gives %s", name, verb, got)
			}
		}
		encoded, err := json.Marshal(v)
		if err != nil || string(encoded) != `"`+redaction+`"` {
			t.Errorf("%s: JSON gives %s, %v", name, encoded, err)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		if !strings.Contains(log.String(), "v="+redaction) {
			t.Errorf("%s: slog gives %s", name, log.String())
		}
	}
	if s := data.Lookup.String() + data.Lookup.GoString(); s != redaction+redaction {
		t.Error(s)
	}
	if text, _ := data.Lookup.MarshalText(); string(text) != redaction {
		t.Errorf("text encoding gives %s", text)
	}
	// The description of a signing key is public but for its sealed part.
	stored, err := NewKey(data.Sealing, key, Active, testTime, testTime)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := key.Bytes()
	if bytes.Contains(stored.Sealed, raw) || bytes.Contains(stored.JWK, []byte(`"d"`)) {
		t.Error("a stored key shows its private part")
	}
}

// TestSecretFileIsNeverThereInPart: a process that is killed while it makes the
// file must not leave one that no start can use.
func TestSecretFileIsNeverThereInPart(t *testing.T) {
	t.Parallel()
	for range 100 {
		dir := t.TempDir()
		path := filepath.Join(dir, "secret")
		made := make(chan error, 1)
		go func() {
			_, err := CreateSecret(path)
			made <- err
		}()
		for making := true; making; {
			select {
			case err := <-made:
				if err != nil {
					t.Fatal(err)
				}
				making = false
			default:
			}
			if _, err := OpenSecret(path); err != nil && !errors.Is(err, ErrSecretAbsent) {
				t.Error(err)
			}
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Fatalf("left behind: %v (%v)", left, err)
		}
	}
}

// TestSecretFileLeavesNoDrafts: what a process that was killed has left of a secret goes with the
// next one of that name, and nothing else does.
func TestSecretFileLeavesNoDrafts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "secret.new")
	draft, err := writeDraft(path, randomKey())
	if err != nil {
		t.Fatal(err)
	}
	others := []string{".secret-20261123", ".secret.new.draft-", ".secret.new.draft-mine", ".secret.draft-12", "secret.former"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("kept"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	TidySecret(path)
	if _, err := CreateSecret(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(draft); err == nil {
		t.Error("the draft is left")
	}
	// It was killed later: the draft and the file are one.
	if err := os.Link(path, draft); err != nil {
		t.Fatal(err)
	}
	TidySecret(path)
	if _, err := OpenSecret(path); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != len(others)+1 {
		t.Errorf("there is left %v (%v)", left, err)
	}
}

// TestSecretFileOfMany: those who make it at once tidy away what the others write, and one of them
// makes it still.
func TestSecretFileOfMany(t *testing.T) {
	t.Parallel()
	for range 30 {
		path := filepath.Join(t.TempDir(), "secret")
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() {
				TidySecret(path)
				_, err := CreateSecret(path)
				errs <- err
			}()
		}
		made := 0
		for range cap(errs) {
			if err := <-errs; err == nil {
				made++
			} else if !errors.Is(err, ErrSecretExists) {
				t.Error(err)
			}
		}
		if left, err := os.ReadDir(filepath.Dir(path)); made != 1 || err != nil || len(left) != 1 {
			t.Fatalf("%d made it; there is %v (%v)", made, left, err)
		}
	}
}
