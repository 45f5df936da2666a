package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/store"
)

// Desk is the operator's way to the badges and the keys, beside a running server.
type Desk struct {
	Badges *attest.Badges
	Keys   *keyring.Keeper
	store  *store.Store
	ring   *keyring.Keyring
	closes time.Time // zero: the issuer goes on
	now    func() time.Time
}

// OpenDesk opens a database that holds an issuer; it makes nothing. As a server does, it
// refuses one that is older than its record: what were done there would stand in the
// way of a replay.
func OpenDesk(ctx context.Context, cfg config.Config) (*Desk, error) {
	return OpenDeskAt(ctx, cfg, time.Now)
}

// OpenDeskAt is OpenDesk with another clock.
func OpenDeskAt(ctx context.Context, cfg config.Config, now func() time.Time) (*Desk, error) {
	s, err := store.Open(ctx, database(cfg))
	if err != nil {
		return nil, naming(cfg.Database, err)
	}
	id, err := openFound(ctx, s, cfg)
	if err == nil {
		err = notOlder(ctx, s, id, cfg.PublishedDir)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	ring, err := keyring.New(s, id.data.Sealing, id.ring)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &Desk{
		Badges: attest.NewBadges(s, vault{id.data}, now), Keys: newKeeper(s, id, ring, newNotices(id, cfg, now), slog.Default()),
		store: s, ring: ring, closes: cfg.Closing(), now: now,
	}, nil
}

var errNotClosed = fault.New(fault.Conflict, "issuer_not_closed",
	"This would revoke every badge for good, which ends an issuer. It waits for the day that COCARDE_CLOSES names.")

// RevokeAll is that of attest.Badges, for an issuer whose day has come.
func (d *Desk) RevokeAll(ctx context.Context, a attest.Act, progress func(n int)) error {
	if d.closes.IsZero() {
		return errNotClosed.Because(errors.New("it is not set"))
	}
	if d.now().Before(d.closes) {
		return errNotClosed.Because(fmt.Errorf("it names %s", d.closes.Format(time.DateOnly)))
	}
	return d.Badges.RevokeAll(ctx, a, progress)
}

// database is that of the settings: where these name the issuer, no other's.
func database(cfg config.Config) store.Options {
	return store.Options{Database: cfg.Database, Origin: cfg.URL}
}

func openFound(ctx context.Context, s *store.Store, cfg config.Config) (identity, error) {
	found, ok, err := s.Identity(ctx)
	if err != nil {
		return identity{}, err
	}
	if !ok {
		return identity{}, errNoIssuer
	}
	return openIdentity(found, cfg)
}

// naming tells the operator which path a fault is about, where it has no other cause.
func naming(path string, err error) error {
	if f, ok := fault.Of(err); ok && errors.Unwrap(f) == nil {
		return f.Because(errors.New(path))
	}
	return err
}

// Close closes the database.
func (d *Desk) Close() error { return d.store.Close() }

// Status is what cocarde db status tells.
type Status struct {
	Schema, Known int64
	Issuer        string    // empty if there is none yet
	LastEnd       time.Time // of all attestations, revoked ones too; zero if there is none
}

// MigrateDatabase brings the schema up to date, and makes a SQLite database where
// there is none. It founds no issuer.
func MigrateDatabase(ctx context.Context, cfg config.Config) (Status, error) {
	if !store.OnServer(cfg.Database) {
		if err := os.MkdirAll(filepath.Dir(cfg.Database), 0o700); err != nil {
			return Status{}, fmt.Errorf("make the database's directory: %w", err)
		}
	}
	if _, err := store.Migrate(ctx, database(cfg)); err != nil {
		return Status{}, naming(cfg.Database, err)
	}
	return DatabaseStatus(ctx, cfg)
}

// DatabaseStatus looks at a database without changing it.
func DatabaseStatus(ctx context.Context, cfg config.Config) (Status, error) {
	o := store.Options{Database: cfg.Database} // whoever's it is
	schema, err := store.Inspect(ctx, o)
	if err != nil {
		return Status{}, naming(cfg.Database, err)
	}
	status := Status{Schema: schema.Found, Known: schema.Known}
	if schema.Found != schema.Known {
		return status, nil
	}
	s, err := store.Open(ctx, o)
	if err != nil {
		return status, err
	}
	found, _, err := s.Identity(ctx)
	status.Issuer = found.Origin
	if err == nil {
		status.LastEnd, err = s.LastEnd(ctx)
	}
	return status, errors.Join(err, s.Close())
}
