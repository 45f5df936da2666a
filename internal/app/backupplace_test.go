package app

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
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

// What cannot be written is told under the name that was asked for.
func TestWhereABackupFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	for path, write := range map[string]func(io.Writer) error{
		filepath.Join(dir, "none", "backup"):            func(io.Writer) error { return nil },
		filepath.Join(dir, strings.Repeat("long", 100)): func(io.Writer) error { return nil },
		taken: func(io.Writer) error { return os.Mkdir(taken, 0o700) }, // meanwhile
	} {
		err := whole(path, write)
		cause := fault.Cause(err)
		if fault.Code(err) != "backup_file" || cause == nil || !strings.Contains(cause.Error(), path+":") || strings.Contains(cause.Error(), "partial") {
			t.Errorf("%s: %v (%v)", path, err, cause)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
		t.Errorf("there is left %q: %v", left, err)
	}
}
