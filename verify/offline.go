package verify

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Offline is what NewOffline works with: one trusted issuer and what it published.
type Offline struct {
	Issuer  string // its iss
	JWKS    []byte
	Revoked []RevokedKey // as in the issuer's metadata, if that is known
	Lists   []string     // status list tokens
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

type offline struct {
	issuer *Issuer
	now    func() time.Time
	tokens map[string][]string // by sub

	mu    sync.Mutex
	lists map[string]*SignedList // verified, by sub
}

// NewOffline makes a Source that never fetches. Of several lists of one URI the
// newest that holds counts.
func NewOffline(o Offline) (Source, error) {
	issuer, err := NewIssuer(o.Issuer, o.JWKS, o.Revoked...)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &offline{
		issuer: issuer, now: o.Now,
		tokens: map[string][]string{}, lists: map[string]*SignedList{},
	}
	for _, token := range o.Lists {
		if len(token) > MaxListToken {
			return nil, errors.New("a status list token is larger than 2 MiB")
		}
		t, err := parseJWS(token)
		if err != nil {
			return nil, errors.New("a status list is not a JWS")
		}
		uri := t.payload.str("sub")
		s.tokens[uri] = append(s.tokens[uri], token)
	}
	return s, nil
}

func (s *offline) Issuer(_ context.Context, iss string) (*Issuer, error) {
	if iss != s.issuer.url {
		return nil, ErrIssuerUntrusted
	}
	return s.issuer, nil
}

func (s *offline) Refresh(ctx context.Context, iss string) (*Issuer, error) {
	return s.Issuer(ctx, iss)
}

func (s *offline) StatusList(ctx context.Context, iss, uri string) (StatusReader, error) {
	issuer, err := s.Issuer(ctx, iss)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.lists[uri]; list != nil {
		return list, nil
	}
	list, err := s.newest(issuer, uri)
	if err != nil {
		return nil, err
	}
	s.lists[uri] = list
	return list, nil
}

// newest verifies the tokens of one URI and gives the latest list among them.
func (s *offline) newest(issuer *Issuer, uri string) (newest *SignedList, err error) {
	err = errors.New("the status list was not given")
	for _, token := range s.tokens[uri] {
		list, listErr := VerifyStatusList(token, issuer, uri, s.now())
		if listErr != nil {
			err = listErr
			continue
		}
		if newest == nil || list.IssuedAt().After(newest.IssuedAt()) {
			newest = list
		}
	}
	if newest == nil {
		return nil, err
	}
	return newest, nil
}
