package online

import (
	"context"
	"errors"
	"time"

	"cocarde.example/verify"
)

const (
	// maxLists bounds the status lists remembered of one issuer: as many as 60 years
	// of a whole country's public service would fill.
	maxLists = 1024
	// maxListBytes bounds the memory of one issuer's lists; the least recently fetched
	// are dropped first.
	maxListBytes = 64 << 20
)

// list is what is known of one status list. Its newest time stays when its
// contents are dropped, so that an older one is never believed afterwards.
type list struct {
	signed  *verify.SignedList // nil when there is none at hand
	etag    string
	fetched time.Time
	until   time.Time // when to fetch it anew
	newest  time.Time // the latest iat seen
	trouble pause
}

var errTooManyLists = errors.New("the issuer names more status lists than can be kept")

func (i *issuer) list(uri string) list {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if l := i.lists[uri]; l != nil {
		return *l
	}
	return list{}
}

// fresh says whether the list may be believed without asking for it anew.
func (l list) fresh(known *verify.Issuer, now time.Time) bool {
	return now.Before(l.until) && l.usable(known, now)
}

// usable says whether the list may still be believed.
func (l list) usable(known *verify.Issuer, now time.Time) bool {
	if l.signed == nil || !l.signed.SignedBy(known) {
		return false
	}
	if until := l.signed.FreshUntil(); !until.IsZero() {
		return now.Before(until)
	}
	return now.Before(l.until) // it states no end of its own
}

func (i *issuer) statusList(ctx context.Context, uri string) (verify.StatusReader, error) {
	known, err := i.current(ctx)
	if err != nil {
		return nil, err
	}
	if l := i.list(uri); l.fresh(known, i.now()) {
		return l.signed, nil
	}
	if err := i.take(ctx); err != nil {
		return nil, err
	}
	defer i.release()
	l := i.list(uri)
	if l.fresh(known, i.now()) {
		return l.signed, nil
	}
	renewed, err := i.renew(ctx, known, uri, l)
	if err == nil {
		return renewed, nil
	}
	if l.usable(known, i.now()) { // an outage, or an answer that cannot be believed
		return l.signed, nil
	}
	return nil, err
}

// renew fetches and verifies a list, with the turn held.
func (i *issuer) renew(ctx context.Context, known *verify.Issuer, uri string, l list) (*verify.SignedList, error) {
	if l.trouble.active(i.now()) {
		return nil, l.trouble.err
	}
	next, err := i.fetchList(ctx, known, uri, l)
	if err != nil {
		next = l
	}
	next.trouble.note(ctx, i.now(), err)
	if !i.keep(uri, next, maxListBytes) {
		return nil, errTooManyLists
	}
	return next.signed, err
}

func (i *issuer) fetchList(ctx context.Context, known *verify.Issuer, uri string, l list) (list, error) {
	r := request{url: uri, types: []string{"application/" + verify.TypeStatusList}, limit: verify.MaxListToken}
	if l.usable(known, i.now()) {
		r.etag = l.etag
	}
	asked := i.now()
	a, err := i.fetch.get(ctx, r)
	if err != nil {
		return l, err
	}
	if a.body != nil {
		if l.signed, err = i.verifyList(ctx, known, uri, string(a.body)); err != nil {
			return l, err
		}
		if l.signed.IssuedAt().Before(l.newest) {
			return l, errors.New("the status list is older than one seen before")
		}
		l.newest = l.signed.IssuedAt()
	}
	keep := a.maxAge
	if ttl := l.signed.TTL(); ttl > 0 {
		keep = ttl // stronger than what the cache header says
	}
	l.etag, l.fetched, l.until = a.etag, asked, asked.Add(bounded(keep))
	return l, nil
}

// verifyList verifies a list; if the issuer's keys lack the one that signed it, by
// newer keys.
func (i *issuer) verifyList(ctx context.Context, known *verify.Issuer, uri, token string) (*verify.SignedList, error) {
	if !known.HasKey(verify.ListKey(token)) && !i.cooling() {
		newer, err := i.reload(ctx)
		if err != nil {
			return nil, err
		}
		known = newer
	}
	return verify.VerifyStatusList(token, known, uri, i.now())
}

// keep remembers a list and makes room for it among maxBytes; false if there are too
// many lists.
func (i *issuer) keep(uri string, l list, maxBytes int) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.lists[uri] == nil && len(i.lists) >= maxLists {
		return false
	}
	i.lists[uri] = &l
	for total := i.listBytes(); total > maxBytes; total = i.listBytes() {
		oldest := i.oldestBut(uri)
		if oldest == nil {
			break
		}
		oldest.signed, oldest.until = nil, time.Time{}
	}
	return true
}

func (i *issuer) listBytes() (total int) {
	for _, l := range i.lists {
		if l.signed != nil {
			total += l.signed.Size()
		}
	}
	return total
}

func (i *issuer) oldestBut(uri string) (oldest *list) {
	for u, l := range i.lists {
		if u != uri && l.signed != nil && (oldest == nil || l.fetched.Before(oldest.fetched)) {
			oldest = l
		}
	}
	return oldest
}
