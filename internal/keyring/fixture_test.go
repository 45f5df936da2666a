package keyring_test

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cocarde.example/attest"
	"cocarde.example/internal/keyring"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

const day = 24 * time.Hour

var began = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// memory keeps what the interface asks, in memory.
type memory struct {
	mu      sync.Mutex
	keys    map[string]keys.Key
	events  []attest.Event
	signed  map[string][]keyring.Signed // by kid, in the order of their ends
	taken   map[string]bool             // by jti: revoked by TakeBack
	mails   int
	failing error
}

func newMemory(first []keys.Key) *memory {
	m := &memory{keys: map[string]keys.Key{}, signed: map[string][]keyring.Signed{}, taken: map[string]bool{}, events: keyring.Announced(first, began)}
	for _, k := range first {
		m.keys[k.KID] = k
	}
	return m
}

func (m *memory) SigningKeys(context.Context) ([]keys.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Collect(maps.Values(m.keys))
	slices.SortFunc(all, func(a, b keys.Key) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.KID, b.KID)) })
	return all, m.failing
}

func (m *memory) LastKeyEvent(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.events)), m.failing
}

func (m *memory) LastExpiry(_ context.Context, kid string) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if all := m.signed[kid]; len(all) > 0 {
		return all[len(all)-1].ExpiresAt, m.failing
	}
	return time.Time{}, m.failing
}

func (m *memory) ChangeKeys(_ context.Context, changes []keyring.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := maps.Clone(m.keys)
	for _, c := range changes {
		if next[c.Key.KID].State != c.From {
			return keyring.ErrChanged
		}
		if next[c.Key.KID] = c.Key; c.Key.State == keys.Gone {
			delete(next, c.Key.KID)
		}
	}
	for _, only := range []keys.State{keys.Announced, keys.Active} {
		if n := count(next, only); n > 1 {
			return keyring.ErrChanged
		}
	}
	m.keys = next
	for _, c := range changes {
		m.events = append(m.events, c.Event)
	}
	return m.failing
}

func count(all map[string]keys.Key, s keys.State) (n int) {
	for _, k := range all {
		if k.State == s {
			n++
		}
	}
	return n
}

func (m *memory) SignedBy(_ context.Context, kid string, after keyring.Mark, limit int) (page []keyring.Signed, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.signed[kid] {
		if cmp.Or(s.ExpiresAt.Compare(after.ExpiresAt), cmp.Compare(s.JTI, after.JTI)) > 0 && len(page) < limit {
			page = append(page, s)
		}
	}
	return page, m.failing
}

func (m *memory) TakenBack(ctx context.Context, kid string, after keyring.Mark, limit int) (page []keyring.Signed, err error) {
	all, err := m.SignedBy(ctx, kid, after, math.MaxInt)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range all {
		if m.taken[s.JTI] && len(page) < limit {
			page = append(page, s)
		}
	}
	return page, err
}

func (m *memory) TakeBack(_ context.Context, at time.Time, _ string, all []keyring.Taking) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range all {
		for kid := range m.signed {
			for i := range m.signed[kid] {
				s := &m.signed[kid][i]
				if s.JTI != t.JTI || !s.ExpiresAt.After(at) || s.Badge.Status == verify.Revoked {
					continue
				}
				m.taken[s.JTI] = true
				if s.Badge.Status = verify.Revoked; t.Mail != nil {
					m.mails++
				}
			}
		}
	}
	return m.failing
}

func (m *memory) AllTakenBack(_ context.Context, kid string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.keys[kid]
	k.TakenBack = k.State == keys.Revoked
	m.keys[kid] = k
	return m.failing
}

func (m *memory) Rewrap(context.Context, map[string][]byte, map[string][]byte) error {
	return m.failing
}

// issuer is an issuer's keys in one process, by a clock that the test moves.
type issuer struct {
	*keyring.Keyring
	*keyring.Keeper
	store *memory
	now   time.Time
	jwks  []byte // as its followers have it
	shown map[string]bool
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	secret, err := keys.CreateSecret(t.TempDir() + "/secret")
	must(t, err)
	_, data := keys.NewDataKeys(secret)
	first, err := keys.FirstKeys(data.Sealing, began)
	must(t, err)
	i := &issuer{store: newMemory(first), now: began}
	i.process(t, data.Sealing, first)
	return i
}

// process starts one on the database.
func (i *issuer) process(t testing.TB, sealer *keys.Sealer, all []keys.Key) {
	t.Helper()
	var err error
	i.Keyring, err = keyring.New(i.store, sealer, all)
	must(t, err)
	must(t, i.Follow(func(r *keys.Ring) error {
		i.jwks, i.shown = r.JWKS(), map[string]bool{}
		var set jose.JSONWebKeySet
		err := json.Unmarshal(i.jwks, &set)
		for _, k := range set.Keys {
			i.shown[k.KeyID] = true
		}
		return err
	}))
	i.Keeper = keyring.NewKeeper(keyring.Config{
		Store: i.store, Sealer: sealer, Ring: i.Keyring, Now: func() time.Time { return i.now }, Log: slog.New(slog.DiscardHandler),
		Mail: func(b attest.Badge) (*attest.OutboxEntry, error) {
			if len(b.Mailbox) == 0 {
				return nil, nil
			}
			return &attest.OutboxEntry{Kind: attest.OutboxMail, Body: []byte(b.ID)}, nil
		},
	})
}

// beat is one look, as the jobs take it.
func (i *issuer) beat(t testing.TB) {
	t.Helper()
	must(t, i.Refresh(t.Context()))
	must(t, i.Tend(t.Context()))
	must(t, i.Refresh(t.Context()))
}

// publishes says whether a key stands in the JWKS.
func (i *issuer) publishes(kid string) bool { return i.shown[kid] }

// signedBy checks a token as anybody may.
func signedBy(jwks []byte, k token) error {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(jwks, &set); err != nil {
		return err
	}
	jws, err := jose.ParseSignedCompact(k.jws, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return err
	}
	_, err = jws.Verify(&set)
	return err
}
