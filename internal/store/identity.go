package store

import (
	"context"
	"errors"

	"cocarde.example/attest"
	"cocarde.example/keys"
)

// ErrFounded: the database has an issuer already.
var ErrFounded = errors.New("store: the database has an issuer already")

// Identity is the one issuer of a database.
type Identity struct {
	Origin      string            // "https://cocarde.example.gouv.fr"
	Demo        bool              // whether a demonstration made it
	WrappedKeys map[string][]byte // data keys by name, wrapped by the secret file's
	ActorKey    []byte            // of the issuer as an actor, sealed
	SigningKeys []keys.Key        // oldest first
}

// Identity gives the issuer; ok is false if none was founded yet.
func (s *Store) Identity(ctx context.Context) (id Identity, ok bool, err error) {
	q := s.reader.read(ctx)
	err = q.row(`SELECT origin, demo, actor_key FROM meta`, nil, &id.Origin, &id.Demo, &id.ActorKey)
	if errors.Is(err, attest.ErrNotFound) {
		return Identity{}, false, nil
	}
	if err == nil {
		id.WrappedKeys, err = wrappedKeys(q.each)
	}
	if err == nil {
		id.SigningKeys, err = signingKeys(q)
	}
	if err != nil {
		return Identity{}, false, err
	}
	return id, true, nil
}

func wrappedKeys(each func(text string, args []any, scan func(scanner) error) error) (map[string][]byte, error) {
	wrapped := make(map[string][]byte)
	err := each(`SELECT name, wrapped FROM data_keys`, nil, func(row scanner) error {
		var name string
		var key []byte
		err := row.Scan(&name, &key)
		wrapped[name] = key
		return err
	})
	return wrapped, err
}

// FoundIssuer keeps the issuer of a new database, with the events that announce
// its keys, in one transaction. ErrFounded if there is one: of two processes that
// start at once, the second reads what the first has kept.
func (s *Store) FoundIssuer(ctx context.Context, id Identity, events []attest.Event) error {
	return s.writer.write(ctx, func(w *writing) error {
		err := w.must(ErrFounded, `INSERT INTO meta (id, origin, demo, actor_key) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING`,
			id.Origin, id.Demo, id.ActorKey)
		if err != nil {
			return err
		}
		for name, wrapped := range id.WrappedKeys {
			if _, err := w.exec(`INSERT INTO data_keys (name, wrapped) VALUES ($1, $2)`, name, wrapped); err != nil {
				return err
			}
		}
		for _, k := range id.SigningKeys {
			if err := w.addSigningKey(k); err != nil {
				return err
			}
		}
		for _, e := range events {
			if err := w.record(e); err != nil {
				return err
			}
		}
		return nil
	})
}
