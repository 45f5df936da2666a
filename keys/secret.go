package keys

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"cocarde.example/internal/durable"
)

// What can be wrong with a secret file; match with errors.Is.
var (
	// ErrSecretAbsent: there is no file at the path.
	ErrSecretAbsent = errors.New("keys: the secret file is absent")
	// ErrSecretExists: CreateSecret never replaces a file.
	ErrSecretExists = errors.New("keys: the secret file exists already")
	// ErrSecretMalformed: the file is not what CreateSecret wrote.
	ErrSecretMalformed = errors.New("keys: the secret file is malformed")
	// ErrSecretExposed: others than the owner may read or change the file.
	ErrSecretExposed = errors.New("keys: the secret file is open to others: chmod 600")
)

// secretHeader is the first line of a secret file; the second is the base64
// (RFC 4648 section 4) of 32 random bytes.
const secretHeader = "cocarde-secret-v1\n"

const keySize = 32

// Secret is the key of the secret file. It does one thing: it wraps data keys.
type Secret struct {
	redacted
	sealer *Sealer
}

// CreateSecret makes a new random secret and writes it to path, readable by
// its owner alone. The file is on the disk once it returns, and never stands there
// in part, whenever the process ends. A file that exists is left as it is:
// ErrSecretExists.
func CreateSecret(path string) (Secret, error) {
	key := randomKey()
	err := placeSecret(path, key)
	for try := 1; try < draftTries && errors.Is(err, errTidied); try++ {
		err = placeSecret(path, key)
	}
	if errors.Is(err, fs.ErrExist) {
		return Secret{}, fmt.Errorf("%w: %s", ErrSecretExists, path)
	}
	if err != nil {
		return Secret{}, fmt.Errorf("keys: create the secret file: %w", err)
	}
	return newSecret(key), nil
}

// draftTries is more than processes make one secret at once: each tidies once, and so
// takes the draft of another away once.
const draftTries = 100

var errTidied = errors.New("another process has tidied the draft away")

// placeSecret writes a draft and gives it the file's name: unlike renaming, linking
// replaces nothing.
func placeSecret(path string, key []byte) error {
	draft, err := writeDraft(path, key)
	if err != nil {
		return err
	}
	err = os.Link(draft, path)
	_ = os.Remove(draft) // it may be gone already
	if errors.Is(err, fs.ErrNotExist) {
		return errTidied
	}
	if err != nil {
		return err
	}
	return durable.Dir(filepath.Dir(path))
}

// draftPrefix begins the names of a secret file's drafts; digits follow.
func draftPrefix(path string) string { return "." + filepath.Base(path) + ".draft-" }

// TidySecret removes what processes that were killed while they made the secret at path
// have left beside it. What cannot be removed stays. A process that makes it at the same
// time begins again.
func TidySecret(path string) {
	dir := filepath.Dir(path)
	entries, _ := os.ReadDir(dir) // of a folder that cannot be read nothing is removed
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), draftPrefix(path))
		if _, err := strconv.ParseUint(number, 10, 64); ok && err == nil {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// writeDraft writes the file's text under a name of its own, for its owner alone.
func writeDraft(path string, key []byte) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), draftPrefix(path)+"*")
	if err != nil {
		return "", err
	}
	_, err = io.WriteString(f, secretHeader+base64.StdEncoding.EncodeToString(key)+"\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// OpenSecret reads the secret at path. It returns ErrSecretAbsent,
// ErrSecretExposed or ErrSecretMalformed, wrapped with the path.
func OpenSecret(path string) (Secret, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Secret{}, fmt.Errorf("%w: %s", ErrSecretAbsent, path)
	}
	if err != nil {
		return Secret{}, fmt.Errorf("keys: open the secret file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Secret{}, fmt.Errorf("keys: open the secret file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Secret{}, fmt.Errorf("%w: %s", ErrSecretExposed, path)
	}
	if !info.Mode().IsRegular() {
		return Secret{}, fmt.Errorf("%w: %s is no regular file", ErrSecretMalformed, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return Secret{}, fmt.Errorf("keys: read the secret file: %w", err)
	}
	key, ok := parseSecret(text)
	if !ok {
		return Secret{}, fmt.Errorf("%w: %s", ErrSecretMalformed, path)
	}
	return newSecret(key), nil
}

func parseSecret(text []byte) ([]byte, bool) {
	line, ok := bytes.CutPrefix(text, []byte(secretHeader))
	if !ok {
		return nil, false
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	// The strict decoder skips line ends: the length tells them from the key.
	if len(line) != base64.StdEncoding.EncodedLen(keySize) {
		return nil, false
	}
	key, err := base64.StdEncoding.Strict().DecodeString(string(line))
	return key, err == nil && len(key) == keySize
}

func newSecret(key []byte) Secret { return Secret{sealer: newSealer(key)} }

// Same says whether both are one key, however their files are written. How long it
// takes tells nothing of either.
func (s Secret) Same(other Secret) bool {
	_, err := other.sealer.Open("same secret", s.sealer.Seal("same secret", nil))
	return err == nil
}

// Wrap seals a data key under its name.
func (s Secret) Wrap(name string, key []byte) []byte {
	return s.sealer.Seal("data key "+name, key)
}

// Unwrap opens what Wrap made under the same name with the same secret;
// everything else is ErrUnsealable.
func (s Secret) Unwrap(name string, wrapped []byte) ([]byte, error) {
	return s.sealer.Open("data key "+name, wrapped)
}

// randomKey gives 32 bytes of the system's randomness, which never fails:
// crypto/rand ends the process where there is none.
func randomKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key)
	return key
}
