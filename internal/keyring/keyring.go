package keyring

import (
	"context"
	"crypto"
	"fmt"
	"sync"
	"sync/atomic"

	"cocarde.example/keys"
)

// Follower makes of the keys whatever it needs of them, each time they change.
type Follower func(*keys.Ring) error

// Keyring holds the keys as this process knows them. It is safe for concurrent use.
type Keyring struct {
	store  Store
	sealer *keys.Sealer
	ring   atomic.Pointer[keys.Ring]

	mu        sync.Mutex // one load at a time: the last one read is the newest
	followers []Follower
	seq       int64 // of the last event of a key that was taken into account
}

// New makes a Keyring of the keys that were read at start.
func New(s Store, sealer *keys.Sealer, all []keys.Key) (*Keyring, error) {
	k := &Keyring{store: s, sealer: sealer, seq: -1} // something may have happened since
	return k, k.take(all)
}

// Follow calls f now, and then whenever the keys have changed: before anything is
// signed with them.
func (k *Keyring) Follow(f Follower) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.followers = append(k.followers, f)
	return f(k.ring.Load())
}

// Refresh reads the keys if an event says that they have changed.
func (k *Keyring) Refresh(ctx context.Context) error {
	seq, err := k.store.LastKeyEvent(ctx)
	if err != nil {
		return fmt.Errorf("read last event of a key: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if seq == k.seq {
		return nil
	}
	if err := k.load(ctx); err != nil {
		return err
	}
	k.seq = seq
	return nil
}

// Reload reads the keys now, for whoever has found that they have changed.
func (k *Keyring) Reload(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.load(ctx)
}

func (k *Keyring) load(ctx context.Context) error {
	all, err := k.store.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	return k.take(all)
}

func (k *Keyring) take(all []keys.Key) error {
	ring, err := keys.NewRing(all, func(key keys.Key) (crypto.Signer, error) { return key.Open(k.sealer) })
	if err != nil {
		return err
	}
	for _, f := range k.followers {
		if err := f(ring); err != nil {
			return err
		}
	}
	k.ring.Store(ring)
	return nil
}

// Ring gives the keys as they are known now.
func (k *Keyring) Ring() *keys.Ring { return k.ring.Load() }

// KID names the key that signs now; it is empty where none does.
func (k *Keyring) KID() string {
	kid, _, err := k.Ring().Active()
	if err != nil {
		return ""
	}
	return kid
}

// Sign signs with the active key, as a compact JWS.
func (k *Keyring) Sign(typ string, payload []byte) (jws, kid string, err error) {
	kid, key, err := k.Ring().Active()
	if err != nil {
		return "", "", err
	}
	jws, err = keys.SignJWS(key, kid, typ, payload)
	return jws, kid, err
}
