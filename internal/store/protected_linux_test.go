package store_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// A write-protected file is found at start. For root no file is write-protected,
// so there the thread opens it as nobody.
func TestOpenRefusesWriteProtectedFile(t *testing.T) {
	path := newFile(t).database
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		const nobody = 65534
		for dir, mode := range map[string]os.FileMode{filepath.Dir(path): 0o777, filepath.Dir(filepath.Dir(path)): 0o755} {
			if err := os.Chmod(dir, mode); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Setfsuid(0) }()
	}
	refused(t, path, "database_unusable", true)
}
