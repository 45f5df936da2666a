package online

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"cocarde.example/verify"
)

// Config is what a Source works with.
type Config struct {
	// HTTP makes the requests; its redirects are not followed. A client of package
	// http's defaults if nil. Whoever trusts issuers that they do not run should give
	// one that refuses private addresses.
	HTTP *http.Client
	// Trust names the issuers (their iss, as it stands in tokens) that may be
	// believed, and so asked.
	Trust []string
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Source fetches and caches. It is safe for concurrent use.
type Source struct {
	issuers map[string]*issuer
}

var _ verify.Source = (*Source)(nil)

// New makes a Source. An entry of the trust list that can be no issuer is an error.
func New(c Config) (*Source, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	get := newFetcher(c.HTTP)
	s := &Source{issuers: make(map[string]*issuer, len(c.Trust))}
	for _, iss := range c.Trust {
		u, err := verify.CheckURL(iss)
		if err != nil {
			return nil, fmt.Errorf("online: trusted issuer %q: %w", iss, err)
		}
		if strings.Contains(iss, "?") || strings.HasSuffix(iss, "/") {
			return nil, fmt.Errorf("online: trusted issuer %q: has a query or ends in a slash", iss)
		}
		s.issuers[iss] = &issuer{
			url: iss, origin: u, fetch: get, now: c.Now,
			turn: make(chan struct{}, 1), lists: map[string]*list{},
		}
	}
	return s, nil
}

// Issuer gives the issuer's keys, from memory while they are fresh.
func (s *Source) Issuer(ctx context.Context, iss string) (*verify.Issuer, error) {
	i := s.issuers[iss]
	if i == nil {
		return nil, verify.ErrIssuerUntrusted
	}
	return i.current(ctx)
}

// Refresh fetches the issuer's keys anew, at most once a minute.
func (s *Source) Refresh(ctx context.Context, iss string) (*verify.Issuer, error) {
	i := s.issuers[iss]
	if i == nil {
		return nil, verify.ErrIssuerUntrusted
	}
	return i.refresh(ctx)
}

// StatusList gives a verified list, from memory while it is fresh, and until its
// exp where the issuer cannot be reached.
func (s *Source) StatusList(ctx context.Context, iss, uri string) (verify.StatusReader, error) {
	i := s.issuers[iss]
	if i == nil {
		return nil, verify.ErrIssuerUntrusted
	}
	if err := verify.CheckListURI(iss, uri); err != nil {
		return nil, err
	}
	return i.statusList(ctx, uri)
}

const (
	coolDown = time.Minute      // between two refreshes for unknown keys
	backOff  = 10 * time.Second // after a failed request
)

// pause remembers a failed request, so that an issuer in trouble is not asked again
// at every check.
type pause struct {
	until time.Time
	err   error
}

func (p *pause) active(now time.Time) bool { return p.err != nil && now.Before(p.until) }

// note remembers err; not if it is only our caller who gave up.
func (p *pause) note(ctx context.Context, now time.Time, err error) {
	if err != nil && ctx.Err() != nil {
		return
	}
	*p = pause{now.Add(backOff), err}
}

// take waits for the one turn to ask an issuer; give it back with release.
func (i *issuer) take(ctx context.Context) error {
	select {
	case i.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("gave up waiting for another request to the issuer: %w", ctx.Err())
	}
}

func (i *issuer) release() { <-i.turn }
