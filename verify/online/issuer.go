package online

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cocarde.example/verify"
)

const (
	maxMetadata = 512 << 10 // bytes: a JWKS may stand in it
	maxJWKS     = 256 << 10
)

// issuer is what is known of one trusted issuer.
type issuer struct {
	url    string
	origin *url.URL
	fetch  fetcher
	now    func() time.Time

	turn chan struct{}        // held by the one request under way
	keys atomic.Pointer[keys] // written with the turn held

	// With the turn held:
	metadata, jwks document
	trouble        pause
	refreshed      time.Time

	mu    sync.RWMutex
	lists map[string]*list // by URI
}

// keys is the issuer's keys and the time until which they may be used.
type keys struct {
	issuer *verify.Issuer
	until  time.Time
}

// document is a fetched document, kept so that it can be revalidated.
type document struct {
	url  string
	body []byte
	etag string
}

func (i *issuer) fresh() *verify.Issuer {
	if k := i.keys.Load(); k != nil && i.now().Before(k.until) {
		return k.issuer
	}
	return nil
}

func (i *issuer) current(ctx context.Context) (*verify.Issuer, error) {
	if known := i.fresh(); known != nil {
		return known, nil
	}
	if err := i.take(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", verify.ErrIssuerUnreachable, err)
	}
	defer i.release()
	if known := i.fresh(); known != nil {
		return known, nil
	}
	if i.trouble.active(i.now()) {
		return nil, i.trouble.err
	}
	return i.load(ctx, false)
}

func (i *issuer) refresh(ctx context.Context) (*verify.Issuer, error) {
	if err := i.take(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", verify.ErrIssuerUnreachable, err)
	}
	defer i.release()
	if i.trouble.active(i.now()) {
		return nil, i.trouble.err
	}
	if known := i.fresh(); known != nil && i.cooling() {
		return known, nil
	}
	return i.reload(ctx)
}

// cooling says whether the keys were looked at anew a short while ago.
func (i *issuer) cooling() bool { return i.now().Before(i.refreshed.Add(coolDown)) }

// reload fetches the keys past every cache, with the turn held.
func (i *issuer) reload(ctx context.Context) (*verify.Issuer, error) {
	known, err := i.load(ctx, true)
	if err == nil {
		i.refreshed = i.now()
	}
	return known, err
}

// load fetches metadata and keys, with the turn held.
func (i *issuer) load(ctx context.Context, noCache bool) (*verify.Issuer, error) {
	asked := i.now() // what was true then may have changed since
	known, keep, err := i.fetchKeys(ctx, noCache)
	if err != nil && !errors.Is(err, verify.ErrIssuerMismatch) {
		err = fmt.Errorf("%w: %w", verify.ErrIssuerUnreachable, err)
	}
	i.trouble.note(ctx, i.now(), err)
	if err != nil {
		return nil, err
	}
	i.keys.Store(&keys{known, asked.Add(keep)})
	return known, nil
}

func (i *issuer) fetchKeys(ctx context.Context, noCache bool) (*verify.Issuer, time.Duration, error) {
	keep, err := i.update(ctx, &i.metadata, request{
		url: wellKnown(i.origin), types: []string{"application/json"}, limit: maxMetadata, noCache: noCache,
	})
	if err != nil {
		return nil, 0, err
	}
	m, err := verify.ParseMetadata(i.metadata.body, i.url)
	if err != nil {
		return nil, 0, err
	}
	set := []byte(m.JWKS)
	if m.JWKSURI != "" {
		if err := i.ownOrigin(m.JWKSURI); err != nil {
			return nil, 0, err
		}
		keepSet, err := i.update(ctx, &i.jwks, request{
			url: m.JWKSURI, types: []string{"application/json", "application/jwk-set+json"}, limit: maxJWKS, noCache: noCache,
		})
		if err != nil {
			return nil, 0, err
		}
		set, keep = i.jwks.body, min(keep, keepSet)
	}
	known, err := verify.NewIssuer(i.url, set, m.RevokedKeys...)
	return known, keep, err
}

// update fetches a document unless the copy at hand is still right, and says for
// how long it may be kept.
func (i *issuer) update(ctx context.Context, d *document, r request) (time.Duration, error) {
	if d.url == r.url {
		r.etag = d.etag
	}
	a, err := i.fetch.get(ctx, r)
	if err != nil {
		return 0, err
	}
	if a.body != nil {
		*d = document{r.url, a.body, a.etag}
	}
	return bounded(a.maxAge), nil
}

// wellKnown puts the well-known path between host and path of the issuer
// (draft-ietf-oauth-sd-jwt-vc §5.1).
func wellKnown(issuer *url.URL) string {
	u := *issuer
	u.Path, u.RawPath = "", ""
	return u.String() + "/.well-known/jwt-vc-issuer" + issuer.EscapedPath()
}

// ownOrigin refuses a URL that is not on the issuer's own scheme, host and port.
func (i *issuer) ownOrigin(raw string) error {
	u, err := verify.CheckURL(raw)
	if err != nil || u.Scheme != i.origin.Scheme || !strings.EqualFold(u.Host, i.origin.Host) {
		return fmt.Errorf("%w: its keys are on another origin", verify.ErrIssuerMismatch)
	}
	return nil
}
