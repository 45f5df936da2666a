package store

import (
	"context"
	"errors"

	"cocarde.example/attest"
	"cocarde.example/internal/fediverse"
)

// App implements fediverse.AppStore.
func (s *Store) App(ctx context.Context, host string) (a fediverse.App, ok bool, err error) {
	err = s.reader.read(ctx).row(`
		SELECT host, redirect_uri, client_id, client_secret, scope, authorize_url, token_url, revoke_url, ends_at
		FROM apps WHERE host = $1`, args(host),
		&a.Host, &a.RedirectURI, &a.ClientID, &a.ClientSecret, &a.Scope, &a.Authorize, &a.Token, &a.Revoke, moment{&a.EndsAt})
	if errors.Is(err, attest.ErrNotFound) {
		return a, false, nil
	}
	return a, err == nil, err
}

// SaveApp implements fediverse.AppStore.
func (s *Store) SaveApp(ctx context.Context, a fediverse.App) error {
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`
			INSERT INTO apps (host, redirect_uri, client_id, client_secret, scope, authorize_url, token_url, revoke_url, ends_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			a.Host, a.RedirectURI, a.ClientID, a.ClientSecret, a.Scope, a.Authorize, a.Token, a.Revoke, micros(a.EndsAt))
		return err
	})
}

// ForgetApp implements fediverse.AppStore.
func (s *Store) ForgetApp(ctx context.Context, host, clientID string) error {
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`DELETE FROM apps WHERE host = $1 AND client_id = $2`, host, clientID)
		return err
	})
}
