package chain

import (
	"errors"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"syscall"
	"testing"

	"cocarde.example/test/postgres"
)

func TestAFullDiskRefusesAndLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "size=4m")
	w, err := startWorld(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	}()
	instance := w.instance(t)
	a := w.agent(t, instance)
	a.proven()
	whole := w.agent(t, instance).attested()
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)

	var got answer
	for range 200 { // what is free in the file itself is used up first
		if got = w.agent(t, instance).ask(); got.status != 201 {
			break
		}
	}
	got.refused(503, "storage_full", "")
	got.retryAfter()
	a.issue().refused(503, "storage_full", "")
	for _, path := range []string{"/healthz", "/.well-known/jwks.json", "/status/1", "/v1/attestations/" + whole.id()} {
		a.get(path).want(200)
	}
	mustHold(t, a.report(map[string]string{"attestation": whole.Public}))

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if n := w.number(t, `SELECT count(*) FROM badges`); n != 1 {
		t.Errorf("%d badges, want the one that was issued in time", n)
	}
	var i issued
	a.issue().want(201).into(&i)
	mustHold(t, a.report(map[string]string{"attestation": i.Public}))
}

// On PostgreSQL what is full may be the disk of the tables alone, while the server
// and its log go on.
func TestAFullDiskUnderPostgreSQLRefusesAndLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	s := postgres.New(t)
	dir := tablespace(t)
	database, err := s.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := databaseName(t, database)
	do := func(in, statement string) {
		t.Helper()
		if err := s.Exec(t.Context(), in, statement); err != nil {
			t.Fatal(err)
		}
	}
	do("postgres", `CREATE TABLESPACE small LOCATION '`+dir+`'`)
	do("postgres", `ALTER DATABASE `+name+` SET TABLESPACE small`)
	w := onServer(t, fewer(database))
	do(name, `ALTER TABLE badges SET (fillfactor = 10)`) // a page that has one takes no other
	instance := w.instance(t)
	a := w.agent(t, instance)
	a.proven()
	whole := w.agent(t, instance).attested()
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)

	for range 2 {
		got := a.issue()
		got.refused(http.StatusServiceUnavailable, "storage_full", "")
		got.retryAfter()
	}
	for _, path := range []string{"/healthz", "/.well-known/jwks.json", "/status/1", "/v1/attestations/" + whole.id()} {
		a.get(path).want(http.StatusOK)
	}
	mustHold(t, a.report(map[string]string{"attestation": whole.Public}))
	if n := w.number(t, `SELECT count(*) FROM badges`); n != 1 {
		t.Errorf("%d badges, want the one that was issued in time", n)
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	var i issued
	a.issue().want(http.StatusCreated).into(&i)
	mustHold(t, a.report(map[string]string{"attestation": i.Public}))
	if n := w.number(t, `SELECT count(*) FROM events WHERE kind = 'issued'`); n != 2 {
		t.Errorf("%d events of issuing, want 2", n)
	}
}

// tablespace is a small file system that belongs to who runs the server.
func tablespace(t *testing.T) (dir string) {
	t.Helper()
	options := "size=32m,mode=0700"
	if owner, err := user.Lookup("postgres"); err == nil && os.Geteuid() == 0 {
		options += ",uid=" + owner.Uid + ",gid=" + owner.Gid
	}
	dir = smallDisk(t, options)
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil { // who runs the server must get there
		t.Fatal(err)
	}
	return dir
}

// smallDisk mounts a file system with options of tmpfs, where that may be done.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
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

// fill writes until no byte more has room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			size /= 2
		}
	}
}
