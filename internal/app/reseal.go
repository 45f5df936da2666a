package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/store"
	"cocarde.example/keys"
)

var (
	errSameSecret = fault.New(fault.Conflict, "secret_same",
		"That file holds the secret that is in use already. Name one that does not exist yet; it is made.")
	errNewSecret = fault.New(fault.Invalid, "secret_new_unusable",
		"The new secret file can be neither made nor read. Name one that does not exist yet, in a folder that you may write to.")
	errResealing = fault.New(fault.Conflict, "reseal_under_way",
		"Another `cocarde keys reseal` is at work, or was faster. This one has changed nothing and left no new file. Wait for the end of the other, and put its file in place of the former secret.")
)

// Reseal wraps the data keys of a database under a new secret file, which it makes.
// Servers that run go on, since the data keys stay the same; a start takes the
// new file. The new file is on the disk before the database needs it, and the
// former one is left alone: killed at any moment, one of the two opens the
// database, and calling it again ends what was begun.
func Reseal(ctx context.Context, cfg config.Config, path string) (err error) {
	lock, err := lockSecrets(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // it was only read
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
	return reseal(ctx, s, found, cfg.SecretFile, path)
}

// lockSecrets keeps others from resealing to the same directory: of two with one file,
// the one that comes second must not remove it under the other's feet.
func lockSecrets(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, errNewSecret.Because(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errResealing
		}
		return nil, errNewSecret.Because(err)
	}
	return f, nil
}

func reseal(ctx context.Context, s *store.Store, found store.Identity, formerFile, path string) error {
	former, formerErr := keys.OpenSecret(formerFile)
	if next, err := keys.OpenSecret(path); err == nil {
		if formerErr == nil && next.Same(former) {
			return errSameSecret
		}
		if opens(next, found) {
			return nil // it was done, and whoever did it was killed before it could say so
		}
	}
	if formerErr != nil {
		return errSecret.Because(formerErr)
	}
	if _, err := keys.OpenDataKeys(former, found.WrappedKeys); err != nil {
		return errSecret.Because(err)
	}
	next, made, err := takeSecret(path)
	if err != nil {
		return errNewSecret.Because(err)
	}
	wrapped, err := keys.Rewrap(former, next, found.WrappedKeys)
	if err != nil {
		return err
	}
	switch err := s.Rewrap(ctx, found.WrappedKeys, wrapped); {
	case errors.Is(err, keyring.ErrChanged):
		return overtaken(ctx, s, next, path, made)
	case err != nil:
		return fmt.Errorf("rewrap data keys: %w", err)
	}
	return nil
}

// overtaken ends a call that came second. The file that it has made goes, since it opens
// nothing; never one that opens the database.
func overtaken(ctx context.Context, s *store.Store, next keys.Secret, path string, made bool) error {
	found, _, err := s.Identity(ctx)
	if err != nil {
		return err
	}
	if opens(next, found) {
		return nil
	}
	if made {
		err = os.Remove(path)
	}
	return errResealing.Because(err)
}

func opens(secret keys.Secret, found store.Identity) bool {
	_, err := keys.OpenDataKeys(secret, found.WrappedKeys)
	return err == nil
}

// takeSecret takes the secret file that stands, or makes one: a process that was
// killed may have made it, or one that does the same may be faster.
func takeSecret(path string) (secret keys.Secret, made bool, err error) {
	keys.TidySecret(path)
	if secret, err = keys.OpenSecret(path); !errors.Is(err, keys.ErrSecretAbsent) {
		return secret, false, err
	}
	if secret, err = keys.CreateSecret(path); !errors.Is(err, keys.ErrSecretExists) {
		return secret, err == nil, err
	}
	secret, err = keys.OpenSecret(path)
	return secret, false, err
}
