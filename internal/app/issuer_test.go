package app

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"cocarde.example/attest"
	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/record"
	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

// issuer is one that a test founds, backs up and restores.
type issuer struct {
	*testing.T
	onServer bool
	config.Config
	identity string // file with the age identity
	backup   string // file
}

func newIssuer(t *testing.T, onServer bool) issuer {
	t.Helper()
	i := issuer{T: t, onServer: onServer, identity: filepath.Join(t.TempDir(), "identity"), backup: filepath.Join(t.TempDir(), "backup.age")}
	secret, published := filepath.Join(t.TempDir(), "secret"), filepath.Join(t.TempDir(), "published")
	c, err := config.Load("", []string{"COCARDE_ADDR=127.0.0.1:0", "COCARDE_URL=http://cocarde.localhost:8080", "COCARDE_DATA_DIR=" + t.TempDir(),
		"COCARDE_SECRET_FILE=" + secret, "COCARDE_PUBLISHED_DIR=" + published})
	ok(t, err)
	i.Config = c
	i = i.elsewhere()
	if onServer {
		_, err := store.Migrate(t.Context(), store.Options{Database: i.Database})
		ok(t, err)
	}
	i.serves("")
	i.numbers()
	return i
}

// elsewhere is the same with a database that is empty.
func (i issuer) elsewhere() issuer {
	i.Helper()
	i.DataDir = i.TempDir()
	i.Database = filepath.Join(i.DataDir, "cocarde.db")
	if i.onServer {
		database, err := postgres.Shared(i.T).NewDatabase(i.Context())
		ok(i.T, err)
		i.Database = database + "&pool_max_conns=4"
	}
	return i
}

func (i issuer) wants(err error, code string) {
	i.Helper()
	if err == nil && code != "" || err != nil && fault.Code(err) != code {
		i.Fatalf("got %v (%v), want %q", err, fault.Cause(err), code)
	}
}

// serves starts a server, and stops it if it starts.
func (i issuer) serves(code string) {
	i.Helper()
	a, err := New(i.Context(), Options{Config: i.Config, Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		ok(i.T, a.Close())
	}
	i.wants(err, code)
}

// numbers has a server number the events that wait for it.
func (i issuer) numbers() {
	i.Helper()
	i.opens(func(s *store.Store, _ *record.Record) { ok(i.T, s.NumberEvents(i.Context())) })
}

// opens opens database and record as a server does.
func (i issuer) opens(act func(*store.Store, *record.Record)) {
	i.Helper()
	s, err := store.Open(i.Context(), store.Options{Database: i.Database})
	ok(i.T, err)
	id, err := openFound(i.Context(), s, i.Config)
	ok(i.T, err)
	r, err := openRecord(i.Context(), s, id, recordPlace{i.PublishedDir, "test", time.Now})
	ok(i.T, err)
	act(s, r)
	ok(i.T, errors.Join(s.Close(), r.Close()))
}

func (i issuer) replays(without bool, code string) Recovery {
	i.Helper()
	done, err := ReplayDatabase(i.Context(), i.Config, without)
	i.wants(err, code)
	return done
}

func (i issuer) backsUp() {
	i.Helper()
	key, err := age.GenerateX25519Identity()
	ok(i.T, err)
	ok(i.T, os.WriteFile(i.identity, []byte(key.String()), 0o600))
	ok(i.T, BackupDatabase(i.Context(), i.Config, i.backup, nil, Recipients{Keys: []string{key.Recipient().String()}}, func(int64, int64) {}))
}

func (i issuer) restores(without bool, code string) {
	i.Helper()
	i.wants(i.tries(without), code)
}

func (i issuer) tries(without bool) error {
	_, err := RestoreDatabase(i.Context(), i.Config, Restoring{File: i.backup, Identity: i.identity, WithoutRecord: without, Progress: func(int64, int64) {}})
	return err
}

// onBoth runs a test on a file and on a server.
func onBoth(t *testing.T, test func(t *testing.T, onServer bool)) {
	for name, onServer := range map[string]bool{"SQLite": false, "PostgreSQL": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, onServer)
		})
	}
}

// forgetsRecord makes the database as one of a version that had none.
func (i issuer) forgetsRecord() {
	i.Helper()
	s, err := store.Open(i.Context(), store.Options{Database: i.Database})
	ok(i.T, err)
	named, err := s.RecordNamed(i.Context())
	ok(i.T, err)
	ok(i.T, errors.Join(s.NameRecord(i.Context(), named, ""), s.Close(), record.SetAside(i.PublishedDir, time.Now())))
}

// publishes numbers an event without any record.
func (i issuer) publishes() {
	i.Helper()
	i.announces()
	s, err := store.Open(i.Context(), store.Options{Database: i.Database})
	ok(i.T, err)
	ok(i.T, errors.Join(s.NumberEvents(i.Context()), s.Close()))
}

// announces adds an event to be numbered.
func (i issuer) announces() {
	i.Helper()
	s, err := store.Open(i.Context(), store.Options{Database: i.Database})
	ok(i.T, err)
	id, found, err := s.Identity(i.Context())
	if err != nil || !found {
		i.Fatal(found, err)
	}
	k := id.SigningKeys[0]
	announced := attest.Event{Kind: attest.EventKeyAnnounced, At: time.Now(), By: "cocarde", KID: k.KID}
	ok(i.T, s.ChangeKeys(i.Context(), []keyring.Change{{From: k.State, Key: k, Event: announced}}))
	ok(i.T, s.Close())
}
