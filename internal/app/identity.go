package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/record"
	"cocarde.example/internal/store"
	"cocarde.example/keys"
)

// Refusals at start; each says what to do.
var (
	errSecret = fault.New(fault.Unavailable, "secret_unusable",
		"The secret file that belongs to this database, or backup, cannot be used, so nothing in it can be opened. Put the right file at COCARDE_SECRET_FILE, readable by its owner alone; it is not made anew while the database holds what it sealed.")
	errDemoDatabase = fault.New(fault.Conflict, "database_of_demo",
		"This database was made by cocarde demo, whose accounts are nobody's. Use another one for cocarde serve.")
	errNotDemoDatabase = fault.New(fault.Conflict, "database_not_of_demo",
		"This database was not made by cocarde demo, which writes to none but its own. Use another data directory.")
	errNoIssuer = fault.New(fault.NotFound, "issuer_missing",
		"There is no issuer in this database yet. Run cocarde serve once.")
)

// identity is who the issuer is: its origin, and every key that it holds.
type identity struct {
	origin string
	data   keys.DataKeys
	ring   []keys.Key // signing keys, as they were at start
	actor  *keys.LazyRSA
}

// openIdentity opens the issuer that a database holds.
func openIdentity(found store.Identity, cfg config.Config) (identity, error) {
	secret, err := keys.OpenSecret(cfg.SecretFile)
	if err != nil {
		return identity{}, errSecret.Because(err)
	}
	data, err := keys.OpenDataKeys(secret, found.WrappedKeys)
	if err != nil {
		return identity{}, errSecret.Because(err)
	}
	var actor keys.ActorKey
	if err := json.Unmarshal(found.ActorKey, &actor); err != nil {
		return identity{}, fmt.Errorf("read actor key: %w", err)
	}
	return identity{origin: found.Origin, data: data, ring: found.SigningKeys, actor: actor.Lazy(data.Sealing)}, nil
}

// settle opens the issuer of a database, or founds one in an empty one.
func settle(ctx context.Context, s *store.Store, cfg config.Config, origin string, o Options) (identity, error) {
	published, err := record.Exists(cfg.PublishedDir) // looked at first: whoever founds an issuer now begins its record afterwards
	if err != nil {
		return identity{}, err
	}
	found, ok, err := s.Identity(ctx)
	if err != nil {
		return identity{}, err
	}
	if !ok && published {
		return identity{}, errOlder.Because(errors.New("the database is empty, and COCARDE_PUBLISHED_DIR is not"))
	}
	if !ok {
		if err := foundIssuer(ctx, s, cfg, origin, o); err != nil {
			return identity{}, err
		}
		// Of two processes that found an issuer at once, one does: read whose it is.
		if found, _, err = s.Identity(ctx); err != nil {
			return identity{}, err
		}
	}
	switch {
	case found.Demo && !o.Demo:
		return identity{}, errDemoDatabase
	case !found.Demo && o.Demo:
		return identity{}, errNotDemoDatabase
	case found.Origin != origin:
		return identity{}, store.ErrOtherIssuer.Because(fmt.Errorf("the database's issuer is %s, not %s", found.Origin, origin))
	}
	return openIdentity(found, cfg)
}

// foundIssuer makes every key of a new issuer. The secret file is made only here,
// where nothing sealed exists yet.
func foundIssuer(ctx context.Context, s *store.Store, cfg config.Config, origin string, o Options) error {
	secret, made, err := takeSecret(cfg.SecretFile)
	if err != nil {
		return errSecret.Because(err)
	}
	if made {
		warnBeside(o.Log, cfg)
	}
	now := o.Now()
	wrapped, data := keys.NewDataKeys(secret)
	first, err := keys.FirstKeys(data.Sealing, now)
	if err != nil {
		return err
	}
	actor, err := keys.GenerateActor(data.Sealing)
	if err != nil {
		return err
	}
	actorKey, err := json.Marshal(actor)
	if err != nil {
		return fmt.Errorf("encode actor key: %w", err)
	}
	err = s.FoundIssuer(ctx, store.Identity{
		Origin: origin, Demo: o.Demo, WrappedKeys: wrapped, ActorKey: actorKey, SigningKeys: first,
	}, keyring.Announced(first, now))
	if errors.Is(err, store.ErrFounded) {
		return nil // by another process, just now
	}
	if err != nil {
		return fmt.Errorf("found issuer: %w", unfounded(err))
	}
	o.Log.Info("a new issuer was founded", slog.String("origin", origin))
	return nil
}

// unfounded says what a founding that failed leaves behind. The secret file is not
// removed: another process may have founded an issuer with it meanwhile.
func unfounded(err error) error {
	f, ok := fault.Of(err)
	if !ok || errors.Is(err, store.ErrUncertain) {
		return err
	}
	return fault.New(f.Kind, f.Code,
		"The new issuer could not be founded, since the database failed: nothing was written to it. The secret file that was made for it stays, and the next start goes on with it. Mend the cause, then start again.").Because(fault.Cause(err))
}

// warnBeside tells an operator whose secret would leave with the database.
func warnBeside(log *slog.Logger, cfg config.Config) {
	if !store.OnServer(cfg.Database) && filepath.Dir(cfg.SecretFile) == filepath.Dir(cfg.Database) {
		log.Warn("the secret file lies beside the database: whoever copies the directory has both; set COCARDE_SECRET_FILE to another place, and keep a copy of it apart from backups",
			slog.String("secret_file", cfg.SecretFile))
	}
}
