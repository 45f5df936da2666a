package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"cocarde.example/internal/backup"
	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/record"
	"cocarde.example/internal/store"
	"cocarde.example/keys"
)

var errBackupKeys = fault.New(fault.Conflict, "backup_other_keys",
	"The secret file does not open this backup's keys. Nothing was touched. Put the secret file of the backup's issuer at COCARDE_SECRET_FILE; it is in no backup. If the backup was made before a `cocarde keys reseal`, that is the former secret file, kept as secret.former.… where the recipe was followed; reseal again once it is restored.")

// Recovery says what a restore or a replay has brought about.
type Recovery struct {
	Issuer string
	store.Replayed
	Torn []string // files of the record whose last line is incomplete
	// WithoutRecord: what was published after the event Seq is forgotten.
	WithoutRecord bool
	Seq           int64
	SetAside      bool // for a new record: what stood in its directory
}

// Restoring says what to restore.
type Restoring struct {
	File          string    // "-" is In
	In            io.Reader // standard input
	Identity      string    // file with the age identity
	WithoutRecord bool
	Progress      store.Progress
}

// RestoreDatabase makes the database of a backup in an empty place, and repeats what
// was published since.
func RestoreDatabase(ctx context.Context, cfg config.Config, r Restoring) (done Recovery, err error) {
	err = alone(ctx, cfg, func(ctx context.Context, o store.Options) error {
		done, err = restore(ctx, cfg, o, r)
		return err
	})
	return done, err
}

func restore(ctx context.Context, cfg config.Config, o store.Options, r Restoring) (done Recovery, err error) {
	identities, err := readIdentities(r.Identity)
	if err != nil {
		return done, err
	}
	if r.File == "-" && store.OnServer(cfg.Database) { // where it is read twice
		if r.File, err = keepInput(r.In); err != nil {
			return done, err
		}
		defer os.Remove(r.File)
	}
	b, err := openBackup(r, identities)
	if err != nil {
		return done, err
	}
	defer func() { _ = b.file.Close() }() // it was only read
	id, err := restorable(ctx, cfg, o, b.Header, r.WithoutRecord)
	if err != nil {
		return done, err
	}
	if store.OnServer(cfg.Database) { // a transaction that fails late would have cost the server much
		if err := b.Check(); err != nil {
			return done, err
		}
		again, err := openBackup(r, identities)
		if err != nil {
			return done, err
		}
		defer func() { _ = again.file.Close() }()
		b = again
	}
	err = store.Restore(ctx, o, b.Reader, func(ctx context.Context, s *store.Store) error {
		done, err = catchUp(ctx, s, id, cfg.PublishedDir, r.WithoutRecord)
		return err
	})
	return done, naming(cfg.Database, err)
}

// alone runs an act on a database from which servers are kept: where it is a file by
// the lock of their data directory, else by the database itself.
func alone(ctx context.Context, cfg config.Config, act func(context.Context, store.Options) error) error {
	if !store.OnServer(cfg.Database) {
		lock, err := lockDataDir(cfg.DataDir)
		if err != nil {
			return err
		}
		defer func() { _ = lock.Close() }() // nothing was written to it
	}
	return store.Alone(ctx, database(cfg), act)
}

// restorable refuses all that can be refused before anything is touched.
func restorable(ctx context.Context, cfg config.Config, o store.Options, h backup.Header, without bool) (identity, error) {
	if cfg.URL != "" && h.Issuer != cfg.URL {
		return identity{}, store.ErrOtherIssuer.Because(fmt.Errorf("the backup's issuer is %s, not %s", h.Issuer, cfg.URL))
	}
	if err := store.Restorable(ctx, o, h); err != nil {
		return identity{}, naming(cfg.Database, err)
	}
	secret, err := keys.OpenSecret(cfg.SecretFile)
	if err != nil {
		return identity{}, errSecret.Because(err)
	}
	data, err := keys.OpenDataKeys(secret, h.Keys)
	if err != nil {
		return identity{}, errBackupKeys.Because(err)
	}
	id := identity{origin: h.Issuer, data: data}
	if without {
		return id, nil
	}
	_, _, err = readRecord(id, cfg.PublishedDir, h.Record, h.Seq)
	return id, atRestore(err)
}

// atRestore has a fault of the record name the command that goes on without it: there
// is no database yet in which to replay anything.
func atRestore(err error) error {
	f, ok := fault.Of(err)
	if !ok {
		return err
	}
	told := *f
	told.Message = strings.ReplaceAll(f.Message, "`cocarde db replay --without-record`", "`cocarde db restore --without-record`")
	return &told
}

// readRecord reads what was published after an event; the record is nil where the
// database named none, and there is none.
func readRecord(id identity, dir, named string, seq int64) (*record.Record, record.Reading, error) {
	r, err := record.Open(dir, owner(id), "replay", time.Now)
	if errors.Is(err, record.ErrMissing) && named == "" {
		return nil, record.Reading{}, nil
	}
	if err != nil {
		return nil, record.Reading{}, naming(dir, err)
	}
	if named != "" && named != r.ID() {
		return nil, record.Reading{}, record.ErrMissing.Because(fmt.Errorf("%s holds the record %s, the database names %s", dir, r.ID(), named))
	}
	reading, err := r.Read(seq)
	return r, reading, err
}

// ReplayDatabase repeats what was published since, for a database that was put back
// by other means than RestoreDatabase.
func ReplayDatabase(ctx context.Context, cfg config.Config, without bool) (done Recovery, err error) {
	err = alone(ctx, cfg, func(ctx context.Context, o store.Options) error {
		done, err = replay(ctx, cfg, o, without)
		return err
	})
	return done, err
}

func replay(ctx context.Context, cfg config.Config, o store.Options, without bool) (done Recovery, err error) {
	s, err := store.Open(ctx, o)
	if err != nil {
		return done, naming(cfg.Database, err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	id, err := openFound(ctx, s, cfg)
	if err != nil {
		return done, err
	}
	return catchUp(ctx, s, id, cfg.PublishedDir, without)
}

// catchUp brings a database that was put back to where servers may go on.
func catchUp(ctx context.Context, s *store.Store, id identity, dir string, without bool) (done Recovery, err error) {
	done.Issuer = id.origin
	named, err := s.RecordNamed(ctx)
	if err != nil {
		return done, err
	}
	if done.Seq, err = s.LastSeq(ctx); err != nil {
		return done, err
	}
	if without {
		done.WithoutRecord = true
		done.SetAside, err = startAnew(ctx, s, id, dir, named)
		return done, err
	}
	r, reading, err := readRecord(id, dir, named, done.Seq)
	if err != nil || r == nil {
		return done, err
	}
	done.Torn = reading.Torn
	if done.Replayed, err = s.Replay(ctx, reading); err != nil {
		return done, err
	}
	return done, bind(ctx, s, named, r)
}

// startAnew begins another record, and says whether what stood there was set aside. No
// list is gone on with: which of its indices were given out nobody knows.
func startAnew(ctx context.Context, s *store.Store, id identity, dir, named string) (aside bool, err error) {
	if err := s.CloseLists(ctx); err != nil {
		return false, err
	}
	entries, _ := os.ReadDir(dir) // what cannot be read cannot be set aside either
	aside = slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !e.IsDir() })
	if err := record.SetAside(dir, time.Now()); err != nil {
		return false, naming(dir, err)
	}
	if err := begin(ctx, s, id, dir); err != nil {
		return false, err
	}
	r, err := record.Open(dir, owner(id), "replay", time.Now)
	if err != nil {
		return false, err
	}
	return aside, s.NameRecord(ctx, named, r.ID())
}
