package fediverse

import (
	"context"
	"errors"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
)

// Resolve finds the actor of a handle. Three parties must agree: the handle's
// host leads to an id; what is fetched from the id says it is that id; and the
// id's own host names a handle whose host leads back to this id. That handle,
// the canonical one, must be what the first host named.
//
// Errors are faults of this package and of safehttp.
func (c *Client) Resolve(ctx context.Context, h acct.Handle) (attest.Actor, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	l := lookups{c: c, done: map[string]finding{}}
	named, err := l.follow(ctx, h)
	if err != nil {
		return attest.Actor{}, err
	}
	a, err := c.fetchActor(ctx, named.ids[0])
	if err != nil {
		return attest.Actor{}, err
	}
	canonical, err := l.confirm(ctx, a)
	if err != nil {
		return attest.Actor{}, err
	}
	if !canonical.Equal(named.subject) {
		return attest.Actor{}, ErrActorMismatch.Because(errors.New("the account's own host names another handle"))
	}
	return attest.Actor{ID: a.id, URL: a.url, Handle: canonical, Host: a.host}, nil
}

// lookups remembers the WebFinger answers of one call: where both sides are one
// host, it is asked once.
type lookups struct {
	c    *Client
	done map[string]finding
}

func (l lookups) find(ctx context.Context, h acct.Handle) (finding, error) {
	if f, ok := l.done[h.Key()]; ok {
		return f, nil
	}
	f, err := l.c.webfinger(ctx, h)
	if err == nil {
		l.done[h.Key()] = f
	}
	return f, err
}

// follow looks a handle up. Another subject means one more look-up, which must
// return itself.
func (l lookups) follow(ctx context.Context, h acct.Handle) (finding, error) {
	f, err := l.find(ctx, h)
	if err != nil || f.subject.Equal(h) {
		return f, err
	}
	subject := f.subject
	if f, err = l.find(ctx, subject); err != nil {
		return finding{}, err
	}
	if !f.subject.Equal(subject) {
		return finding{}, ErrActorMismatch.Because(errors.New("a second subject is not its own"))
	}
	return f, nil
}

// confirm gives the handle that the actor's own host names, if that handle's
// host leads to the actor's id.
func (l lookups) confirm(ctx context.Context, a actor) (acct.Handle, error) {
	own, err := acct.ParseHandle(a.username + "@" + a.host.String())
	if err != nil {
		return acct.Handle{}, invalid("preferredUsername: %w", err)
	}
	f, err := l.follow(ctx, own)
	if f, ok := fault.Of(err); ok && f.Kind == fault.NotFound {
		return acct.Handle{}, ErrActorMismatch.Because(err)
	}
	if err != nil {
		return acct.Handle{}, err
	}
	canonical, err := acct.ParseHandle(a.username + "@" + f.subject.Host().String())
	if err != nil || !canonical.Equal(f.subject) || !f.names(a.id) {
		return acct.Handle{}, ErrActorMismatch.Because(errors.New("the host does not lead back to the account"))
	}
	return canonical, nil
}
