package store_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

// A full disk is told at connecting, where PostgreSQL has no code of its own for it, and
// when something is written.
func TestPostgresFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, "size=160m,mode=0711")
	server, err := postgres.Start(filepath.Join(disk, "pg"), "max_wal_size=32MB", "min_wal_size=32MB")
	if errors.Is(err, postgres.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Kill(); err != nil {
			t.Error(err)
		}
	})
	migrated, err := server.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{Database: setting(t, migrated, "pool_max_conns", "2"), Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	fresh, err := server.NewDatabaseFrom(t.Context(), migrated)
	if err != nil {
		t.Fatal(err)
	}
	used := (underTest{setting(t, migrated, "pool_max_conns", "2")}).open(t)
	ballast := filepath.Join(disk, "ballast")
	fillDisk(t, ballast)
	tells(t, fresh, "database_full")
	for n := 0; err == nil; n++ { // what is free in the files themselves is used up first
		err = used.StopMail(t.Context(), incompressible(n), time.Unix(1, 0))
	}
	unavailable(t, err, "storage_full")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	(underTest{fresh}).open(t)
}

// incompressible is a key that takes room.
func incompressible(n int) []byte {
	b := make([]byte, 1000)
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(b) // never fails
	return b
}

// A disk that has no room for the file, or none for what SQLite writes to it, is told as such.
func TestFullDiskAtOpening(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, "size=64k,nr_inodes=3")
	migrating := func() error {
		_, err := store.Migrate(t.Context(), store.Options{Database: filepath.Join(disk, "cocarde.db")})
		return err
	}
	for _, name := range []string{"a", "b"} { // with the root those are all inodes
		if err := os.WriteFile(filepath.Join(disk, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := migrating(); fault.Code(err) != "database_full" {
		t.Errorf("without room for the file: %v", err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=64k,nr_inodes=100"); err != nil {
		t.Fatal(err)
	}
	if err := migrating(); fault.Code(err) != "database_full" {
		t.Errorf("without room in it: %v", err)
	}
}

// smallDisk mounts a file system with options of tmpfs, where that may be done. Its
// path is short enough for a socket's.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "disk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no small file system can be mounted here: %v", err)
		}
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillDisk writes until no byte more has room.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			size /= 2
		}
	}
}
