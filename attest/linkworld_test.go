package attest_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/store"
	"cocarde.example/keys"
)

const linkIssuer = "https://cocarde.example.org"

// linkWorld is a domain on a real database, before an account whose profile the
// test writes.
type linkWorld struct {
	*attest.Requests
	badges  *attest.Badges
	store   *store.Store
	profile *profile
	ahead   atomic.Int64 // of the clock
	serial  atomic.Int64
}

var linkStart = time.Date(2026, 11, 22, 10, 15, 0, 0, time.UTC)

func (w *linkWorld) now() time.Time { return linkStart.Add(time.Duration(w.ahead.Load())) }

func newLinkWorld(t *testing.T, limits attest.Limits) *linkWorld {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Database: filepath.Join(t.TempDir(), "cocarde.db"), Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	err = s.FoundIssuer(t.Context(), store.Identity{Origin: linkIssuer, ActorKey: []byte("sealed"), SigningKeys: []keys.Key{
		{KID: "kid", State: keys.Active, Created: linkStart, NotBefore: linkStart, ActivatedAt: linkStart, JWK: []byte("{}")},
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	agencies, err := agency.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	w := &linkWorld{store: s, profile: &profile{}}
	w.Requests = attest.NewRequests(attest.RequestsConfig{
		Issuer: linkIssuer, Store: s, Vault: openVault{}, Fediverse: w.profile, Profiles: w.profile,
		Mailboxes: everyMailbox{}, Agencies: agencies, Limits: limits, Mail: true,
		Now: w.now, Log: slog.New(slog.DiscardHandler),
	})
	w.badges = attest.NewBadges(s, openVault{}, w.now)
	return w
}

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatal(args ...any)
}

// begin begins a request of another account and another mailbox each time.
func (w *linkWorld) begin(t failer, method attest.Method) attest.Begun {
	t.Helper()
	n := w.serial.Add(1)
	b, err := w.Begin(context.Background(), attest.Beginning{
		Handle: fmt.Sprintf("@marie%d@social.example", n), Email: fmt.Sprintf("marie%d@culture.gouv.fr", n),
		Method: string(method), Lang: "fr", Client: "192.0.2.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// mails takes the mails that are due, and gives what they say.
func (w *linkWorld) mails(t failer) (found []attest.Message) {
	t.Helper()
	entries, err := w.store.DueOutbox(context.Background(), attest.OutboxMail, w.now(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		plain, err := openVault{}.Open(attest.SealMail, e.Body)
		if err != nil {
			t.Fatal(err)
		}
		var m attest.Message
		if err := json.Unmarshal(plain, &m); err != nil {
			t.Fatal(err)
		}
		found = append(found, m)
		if err := w.store.OutboxSent(context.Background(), e.ID); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// profile is the fediverse: every handle is an account, and a look at one sees
// what the test says.
type profile struct {
	mu      sync.Mutex
	seen    attest.Sighting
	err     error
	looks   int
	signIns int
	actor   attest.Actor // at the last look
	link    string       // that was looked for
}

func (p *profile) set(seen attest.Sighting, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen, p.err = seen, err
}

func (p *profile) FindLink(_ context.Context, a attest.Actor, link string) (attest.Sighting, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.looks++
	p.actor, p.link = a, link
	return p.seen, p.err
}

func (p *profile) Resolve(_ context.Context, h acct.Handle) (attest.Actor, error) {
	return attest.Actor{ID: "https://social.example/users/" + h.User(), URL: "https://social.example/@" + h.User(), Handle: h, Host: h.Host()}, nil
}

func (p *profile) AuthorizeURL(_ context.Context, a attest.SignInAt) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signIns++
	return "https://" + a.Host.String() + "/oauth/authorize?state=" + a.State, nil
}

func (p *profile) FinishSignIn(context.Context, attest.SignInAt, string) (string, *attest.Revocation, error) {
	return "", nil, errors.New("nobody signs in here")
}

type everyMailbox struct{}

func (everyMailbox) CheckMX(context.Context, acct.Host) error { return nil }

// openVault marks what it seals with the purpose, and hides nothing.
type openVault struct{}

func (openVault) Seal(purpose string, plain []byte) []byte {
	return append([]byte(purpose+"\x00"), plain...)
}

func (openVault) Open(purpose string, sealed []byte) ([]byte, error) {
	plain, ok := strings.CutPrefix(string(sealed), purpose+"\x00")
	if !ok {
		return nil, errors.New("another purpose")
	}
	return []byte(plain), nil
}

func (openVault) NewOwnKey() []byte { return []byte("own") }

func (v openVault) SealUnder(ownKey []byte, purpose string, plain []byte) ([]byte, error) {
	return v.Seal(string(ownKey)+purpose, plain), nil
}

func (v openVault) OpenUnder(ownKey []byte, purpose string, sealed []byte) ([]byte, error) {
	return v.Open(string(ownKey)+purpose, sealed)
}

func (v openVault) MailboxKey(a acct.Address) []byte { return v.CodeHash("mailbox", a.Key()) }

func (openVault) CodeHash(purpose string, parts ...string) []byte {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q", purpose, parts)))
	return sum[:]
}
