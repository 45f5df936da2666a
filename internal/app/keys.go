package app

import (
	"log/slog"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/config"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/store"
)

// newKeeper makes what changes the keys.
func newKeeper(s *store.Store, id identity, ring *keyring.Keyring, n attest.Notices, log *slog.Logger) *keyring.Keeper {
	return keyring.NewKeeper(keyring.Config{
		Store: s, Sealer: id.data.Sealing, Ring: ring, Now: n.Now, Log: log, Mail: n.KeyRevoked,
	})
}

// newNotices makes what writes to the mailboxes of badges.
func newNotices(id identity, c config.Config, now func() time.Time) attest.Notices {
	return attest.Notices{Vault: vault{id.data}, Issuer: id.origin, Lang: c.Lang, Closes: c.Closing(), Now: now}
}

// JWKS gives the keys as the issuer publishes them.
func (d *Desk) JWKS() []byte { return d.ring.Ring().JWKS() }
