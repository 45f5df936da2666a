package app

import (
	"log/slog"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/store"
)

// newKeeper makes what changes the keys; it writes in the given language to agents of
// whom nobody knows which one they read.
func newKeeper(s *store.Store, id identity, ring *keyring.Keyring, lang string, now func() time.Time, log *slog.Logger) *keyring.Keeper {
	return keyring.NewKeeper(keyring.Config{
		Store: s, Sealer: id.data.Sealing, Ring: ring, Now: now, Log: log,
		Mail: func(b attest.Badge) (*attest.OutboxEntry, error) {
			return attest.KeyRevokedMail(vault{id.data}, id.origin, lang, b, now())
		},
	})
}

// JWKS gives the keys as the issuer publishes them.
func (d *Desk) JWKS() []byte { return d.ring.Ring().JWKS() }
