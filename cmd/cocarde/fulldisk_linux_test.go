package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cocarde.example/internal/fault"
)

// Whoever meets a full disk, the operator is told that, by one line.
func TestExplainFullDisk(t *testing.T) {
	t.Parallel()
	full := &fs.PathError{Op: "write", Path: "/there/lock", Err: syscall.ENOSPC}
	quota := &fs.PathError{Op: "write", Path: "/there/lock", Err: syscall.EDQUOT}
	own := fault.New(fault.Unavailable, "database_full", "There is no room.")
	for err, code := range map[error]string{
		fmt.Errorf("write lock: %w", full):  "disk_full",
		fmt.Errorf("write lock: %w", quota): "disk_full",
		fault.New(fault.Unavailable, "secret_unusable", "Put the right file there.").Because(full): "disk_full",
		errors.Join(own.Because(full), errors.New("and so on")):                                    "database_full",
		fault.New(fault.Unavailable, "backup_file", "Check the room.").Because(full):               "backup_file",
	} {
		said := explain(err)
		if !strings.Contains(said, "("+code+": ") || !strings.Contains(said, "/there/lock") || strings.Contains(said, "\n") {
			t.Errorf("of %v it says %q, want %s", err, said, code)
		}
	}
	if said := explain(errors.New("other")); said != "other" {
		t.Errorf("it says %q", said)
	}
}

// A server that finds no room says so wherever it lacks: for its lock, its secret, its
// database and its record. Once there is room, it is not in its own way.
func TestServeWithoutRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ setting, code string }{
		{"COCARDE_DATA_DIR=%s", "disk_full"},
		{"COCARDE_DATA_DIR=%s/data", "disk_full"},
		{"COCARDE_SECRET_FILE=%s/secret", "disk_full"},
		{"COCARDE_DATABASE=%s/cocarde.db", "database_full"},
		{"COCARDE_PUBLISHED_DIR=%s/published", "disk_full"},
	} {
		t.Run(c.setting, func(t *testing.T) {
			t.Parallel()
			disk := t.TempDir()
			if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4k"); err != nil {
				if os.Getenv("CI") != "" {
					t.Fatalf("no small file system can be mounted here: %v", err)
				}
				t.Skipf("no small file system can be mounted here: %v", err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
			must(t, os.WriteFile(filepath.Join(disk, "ballast"), make([]byte, 4096), 0o600))
			file := filepath.Join(t.TempDir(), "settings")
			text := "COCARDE_ADDR=127.0.0.1:0\nCOCARDE_DATA_DIR=" + t.TempDir() + "\n" + fmt.Sprintf(c.setting, disk) + "\n"
			must(t, os.WriteFile(file, []byte(text), 0o600))
			var out, errOut bytes.Buffer
			code := run(t.Context(), []string{"serve", "--config", file}, nil, &out, &errOut)
			lines := strings.Split(strings.TrimSpace(errOut.String()), "\n")
			if last := lines[len(lines)-1]; code != exitFailed || !strings.Contains(last, "("+c.code+": ") {
				t.Errorf("exit status %d: %s", code, errOut.String())
			}
		})
	}
}
