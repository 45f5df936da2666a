package statuslist_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"cocarde.example/internal/statuslist"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

const issuer = "https://cocarde.example.org"

var began = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

// memory is a database: lists, events and artefacts, kept as the interface asks.
type memory struct {
	mu        sync.Mutex
	lists     []statuslist.List
	events    []statuslist.Entry // event n is at n-1
	artefacts map[string]statuslist.Artefact
	saved     int
	failing   error
}

func newMemory() *memory {
	return &memory{lists: []statuslist.List{{Number: 1, Size: statuslist.Size}}, artefacts: map[string]statuslist.Artefact{}}
}

// happen numbers an event; an entry with list 0 stands for one that changes no status.
func (m *memory) happen(e ...statuslist.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e...)
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failing = err
}

func (m *memory) Lists(context.Context) ([]statuslist.List, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.lists), m.failing
}

func (m *memory) NotValid(_ context.Context, list int64) ([]statuslist.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := map[int64]statuslist.Entry{}
	for _, e := range m.events {
		if e.List == list {
			now[e.Index] = e
		}
	}
	maps.DeleteFunc(now, func(_ int64, e statuslist.Entry) bool { return e.Status == verify.Valid })
	return slices.Collect(maps.Values(now)), m.failing
}

func (m *memory) LastSeq(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.events)), m.failing
}

func (m *memory) StatusChanges(_ context.Context, after, upTo int64) ([]statuslist.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if after < 0 || upTo > int64(len(m.events)) || after > upTo {
		return nil, errors.New("events that are not there were asked for")
	}
	changes := slices.DeleteFunc(slices.Clone(m.events[after:upTo]), func(e statuslist.Entry) bool { return e.List == 0 })
	return changes, m.failing
}

func (m *memory) Artefact(_ context.Context, path string) (statuslist.Artefact, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.artefacts[path]
	return a, ok, m.failing
}

func (m *memory) SaveArtefact(_ context.Context, a statuslist.Artefact) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing != nil {
		return m.failing
	}
	if former, ok := m.artefacts[a.Path]; !ok || former.Seq < a.Seq || former.Seq == a.Seq &&
		(!former.SignedAt.After(a.SignedAt) || former.SignedAt.Sub(a.SignedAt) > verify.MaxAhead) {
		m.artefacts[a.Path] = a
		m.saved++
	}
	return nil
}

type signer struct {
	issuer *verify.Issuer
	sign   func(typ string, payload []byte) (string, string, error)
	kid    string
	err    error
}

func (s *signer) KID() string { return s.kid }

func (s *signer) Sign(typ string, payload []byte) (string, string, error) {
	if s.err != nil {
		return "", "", s.err
	}
	return s.sign(typ, payload)
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	key, err := keys.Generate()
	must(t, err)
	secret, err := keys.CreateSecret(t.TempDir() + "/secret")
	must(t, err)
	_, data := keys.NewDataKeys(secret)
	k, err := keys.NewKey(data.Sealing, key, keys.Active, began, began)
	must(t, err)
	own, err := verify.NewIssuer(issuer, []byte(`{"keys":[`+string(k.JWK)+`]}`))
	must(t, err)
	return &signer{issuer: own, kid: k.KID, sign: func(typ string, payload []byte) (string, string, error) {
		jws, err := keys.SignJWS(key, k.KID, typ, payload)
		return jws, k.KID, err
	}}
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
