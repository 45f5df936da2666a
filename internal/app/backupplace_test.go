package app

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"cocarde.example/internal/fault"
)

// A backup takes the place of a former one, and of nothing else.
func TestWhatABackupReplaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link, pipe := filepath.Join(dir, "backup"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	ok(t, errors.Join(os.Symlink(file, link), syscall.Mkfifo(pipe, 0o600)))
	write := func(out io.Writer) error {
		_, err := io.WriteString(out, "backup")
		return err
	}
	for range 2 {
		ok(t, whole(file, write))
	}
	for _, path := range []string{link, dir, pipe} {
		if err := whole(path, write); fault.Code(err) != "backup_file" {
			t.Errorf("%s: %v", path, err)
		}
	}
	if to, err := os.Readlink(link); err != nil || to != file {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	failed := errors.New("cut off")
	if err := whole(file, func(io.Writer) error { return failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "backup" {
		t.Errorf("%q, %v", text, err)
	}
}
