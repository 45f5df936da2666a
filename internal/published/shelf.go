package published

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cocarde.example/internal/statuslist"
	"cocarde.example/keys"
)

// readAgain is how old a stored artefact may be in memory before the store is asked.
const readAgain = time.Second

// Document is one published body.
type Document struct {
	Body        []byte
	ContentType string
	ETag        string // strong (RFC 9110 §8.8.3)
	MaxAge      time.Duration
}

func newDocument(body []byte, contentType string, maxAge time.Duration) Document {
	sum := sha256.Sum256(body)
	return Document{
		Body: body, ContentType: contentType, MaxAge: maxAge,
		ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`,
	}
}

// Store is what this package needs of the database.
type Store interface {
	Lists(ctx context.Context) ([]statuslist.List, error)
	Artefact(ctx context.Context, path string) (statuslist.Artefact, bool, error)
}

// Shelf holds everything that is published. It is safe for concurrent use.
type Shelf struct {
	issuer Issuer
	fixed  atomic.Pointer[map[string]Document] // made of the keys
	kind   func() Document                     // describes the type of attestations
	store  Store
	now    func() time.Time

	mu     sync.Mutex
	stored map[string]kept
}

type kept struct {
	document Document
	readAt   time.Time
}

// NewShelf makes a Shelf. Until it has the keys by Follow, nothing that is made of
// them is found.
func NewShelf(i Issuer, s Store, now func() time.Time) *Shelf {
	// Texts are parsed when somebody first asks for them, not at start.
	kind := sync.OnceValue(func() Document { return mailboxType(i.Origin) })
	shelf := &Shelf{issuer: i, kind: kind, store: s, now: now, stored: map[string]kept{}}
	shelf.fixed.Store(&map[string]Document{})
	return shelf
}

// Follow builds the documents that are made of the keys. It is called each time
// that these have changed.
func (s *Shelf) Follow(ring *keys.Ring) error {
	fixed, err := documents(s.issuer, ring)
	if err == nil {
		s.fixed.Store(&fixed)
	}
	return err
}

// Document finds what is published at a path; ok is false if nothing is.
func (s *Shelf) Document(ctx context.Context, path string) (d Document, ok bool, err error) {
	if d, ok = (*s.fixed.Load())[path]; ok {
		return d, true, nil
	}
	if path == mailboxTypePath {
		return s.kind(), true, nil
	}
	if path != "/status" && !strings.HasPrefix(path, "/status/") {
		return Document{}, false, nil
	}
	now := s.now()
	s.mu.Lock()
	k, ok := s.stored[path]
	s.mu.Unlock()
	if ok && now.Sub(k.readAt) < readAgain {
		return k.document, true, nil
	}
	d, ok, err = s.read(ctx, path)
	if err != nil || !ok {
		return Document{}, false, err // what is absent is not remembered: strangers name paths
	}
	s.mu.Lock()
	s.stored[path] = kept{d, now}
	s.mu.Unlock()
	return d, true, nil
}

func (s *Shelf) read(ctx context.Context, path string) (Document, bool, error) {
	if path == "/status" {
		return s.aggregation(ctx)
	}
	a, ok, err := s.store.Artefact(ctx, path)
	if err != nil || !ok || !s.now().Before(a.ExpiresAt) {
		return Document{}, false, err
	}
	return newDocument(a.Body, a.ContentType, statuslist.TTL), true, nil
}

// aggregation names every status list (draft-ietf-oauth-status-list §9).
func (s *Shelf) aggregation(ctx context.Context) (Document, bool, error) {
	lists, err := s.store.Lists(ctx)
	if err != nil {
		return Document{}, false, err
	}
	uris := make([]string, len(lists))
	for i, l := range lists {
		uris[i] = s.issuer.Origin + statuslist.Path(l.Number)
	}
	body, err := json.Marshal(map[string][]string{"status_lists": uris})
	if err != nil {
		return Document{}, false, fmt.Errorf("encode aggregation: %w", err)
	}
	return newDocument(body, jsonType, statuslist.TTL), true, nil
}
