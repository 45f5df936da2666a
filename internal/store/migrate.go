package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/pressly/goose/v3"
)

// Schema is how a database's schema compares with this program's.
type Schema struct {
	Found int64 // version in the database, 0 if it is empty
	Known int64 // the newest that this program knows
}

// Inspect looks at a database without changing it. A schema older or newer than
// this program's is no error here; a database that is missing, unusable, corrupt
// or another program's is.
func Inspect(ctx context.Context, o Options) (Schema, error) {
	return inspect(ctx, o.dialect())
}

func inspect(ctx context.Context, d dialect) (Schema, error) {
	writers, readers, err := d.connect(ctx, false)
	if err != nil {
		return Schema{}, err
	}
	s, err := compare(ctx, writers, d)
	return s, errors.Join(d.opening(err), writers.Close(), readers.Close())
}

// Migrate creates the database if there is none, and brings its schema up to
// date. It refuses a newer one, and one that is not ours, before it touches it.
func Migrate(ctx context.Context, o Options) (Schema, error) {
	o.Migrate = true
	s, err := Open(ctx, o)
	if err != nil {
		return Schema{}, err
	}
	return s.schema, s.Close()
}

func compare(ctx context.Context, db *sql.DB, d dialect) (Schema, error) {
	found, err := d.version(ctx, db)
	if err != nil {
		return Schema{}, err
	}
	known, err := knownVersion(d)
	return Schema{Found: found, Known: known}, err
}

// knownVersion is the number of the last migration: the names are read, and no
// file is parsed.
func knownVersion(d dialect) (int64, error) {
	files, _ := d.migrations()
	entries, err := fs.ReadDir(files, ".")
	if err != nil || len(entries) == 0 {
		return 0, fmt.Errorf("store: no migrations: %w", err)
	}
	return goose.NumericComponent(entries[len(entries)-1].Name())
}

// Two processes may start on an empty database at once. One of them migrates;
// the other fails here or there, and finds the work done when it looks again.
const (
	migrationTries = 10
	migrationPause = 100 * time.Millisecond
)

// upToDate checks the schema and, if it may, migrates that of an issuer of our own.
func upToDate(ctx context.Context, db *sql.DB, d dialect, o Options) (Schema, error) {
	var failed error
	for range migrationTries {
		s, err := compare(ctx, db, d)
		if err == nil {
			err = complete(ctx, db, d, s)
		}
		if err == nil {
			err = sameIssuer(ctx, db, s, o.Origin)
		}
		switch {
		case err != nil:
			return s, err
		case s.Found == s.Known:
			return s, nil
		case s.Found > s.Known:
			return s, errNewer
		case !o.Migrate:
			return s, errOutdated
		}
		if err := d.writable(ctx, db); err != nil {
			return s, err
		}
		if failed != nil {
			if err := pause(ctx, migrationPause); err != nil {
				return s, err
			}
		}
		if failed = up(ctx, db, d, s.Found); failed == nil {
			return Schema{Found: s.Known, Known: s.Known}, nil
		}
	}
	return Schema{}, fmt.Errorf("store: migrate: %w", failed)
}

// sameIssuer refuses another issuer's database, whatever its schema of ours: meta.origin
// is in the first one, and stays. What a demonstration made is nobody's.
func sameIssuer(ctx context.Context, db *sql.DB, s Schema, origin string) error {
	if origin == "" || s.Found == 0 || s.Found > s.Known {
		return nil
	}
	var found string
	err := db.QueryRowContext(ctx, `SELECT origin FROM meta WHERE NOT demo`).Scan(&found)
	if err == nil && found != origin {
		return ErrOtherIssuer.Because(fmt.Errorf("the database's issuer is %s, not %s", found, origin))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func up(ctx context.Context, db *sql.DB, d dialect, from int64) error {
	return upTo(ctx, db, d, from, math.MaxInt64)
}

func upTo(ctx context.Context, db *sql.DB, d dialect, from, to int64) error {
	if from == 0 {
		if err := d.adopt(ctx, db); err != nil {
			return err
		}
	}
	files, name := d.migrations()
	provider, err := goose.NewProvider(name, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, to)
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
