package app

import (
	"context"
	"errors"
	"fmt"

	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/keys"
)

var (
	errSameSecret = fault.New(fault.Conflict, "secret_same",
		"That file holds the secret that is in use already. Name one that does not exist yet; it is made.")
	errNewSecret = fault.New(fault.Invalid, "secret_new_unusable",
		"The new secret file can be neither made nor read. Name one that does not exist yet, in a folder that you may write to.")
)

// Reseal wraps the data keys of a database under a new secret file, which it makes.
// Servers that run go on, since the data keys stay the same; a start takes the
// new file. The new file is on the disk before the database needs it, and the
// former one is left alone: killed at any moment, one of the two opens the
// database, and calling it again ends what was begun.
func Reseal(ctx context.Context, cfg config.Config, path string) (err error) {
	s, err := store.Open(ctx, database(cfg))
	if err != nil {
		return naming(cfg.Database, err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	found, ok, err := s.Identity(ctx)
	if err != nil {
		return err
	}
	if !ok {
		return errNoIssuer
	}
	former, formerErr := keys.OpenSecret(cfg.SecretFile)
	if next, err := keys.OpenSecret(path); err == nil {
		if formerErr == nil && next.Same(former) {
			return errSameSecret
		}
		if _, err := keys.OpenDataKeys(next, found.WrappedKeys); err == nil {
			return nil // it was done, and whoever did it was killed before it could say so
		}
	}
	if formerErr != nil {
		return errSecret.Because(formerErr)
	}
	if _, err := keys.OpenDataKeys(former, found.WrappedKeys); err != nil {
		return errSecret.Because(err)
	}
	next, _, err := takeSecret(path)
	if err != nil {
		return errNewSecret.Because(err)
	}
	wrapped, err := keys.Rewrap(former, next, found.WrappedKeys)
	if err != nil {
		return err
	}
	if err := s.Rewrap(ctx, found.WrappedKeys, wrapped); err != nil {
		return fmt.Errorf("rewrap data keys: %w", err)
	}
	return nil
}

// takeSecret takes the secret file that stands, or makes one: a process that was
// killed may have made it, or one that does the same may be faster.
func takeSecret(path string) (secret keys.Secret, made bool, err error) {
	if secret, err = keys.OpenSecret(path); !errors.Is(err, keys.ErrSecretAbsent) {
		return secret, false, err
	}
	if secret, err = keys.CreateSecret(path); !errors.Is(err, keys.ErrSecretExists) {
		return secret, err == nil, err
	}
	secret, err = keys.OpenSecret(path)
	return secret, false, err
}
