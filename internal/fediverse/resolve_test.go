package fediverse

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/sandbox"
)

var _ attest.Fediverse = (*Client)(nil)

func TestResolve(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options sandbox.InstanceOptions
		secure  bool
		typed   func(i *sandbox.Instance) string
	}{
		"plain":      {typed: func(i *sandbox.Instance) string { return "@Marie@" + i.LocalDomain() }},
		"other case": {typed: func(i *sandbox.Instance) string { return "mARIE@" + strings.ToUpper(i.LocalDomain()) }},
		"secure": {secure: true, typed: func(i *sandbox.Instance) string {
			return "@marie@" + i.LocalDomain()
		}},
		"ld+json": {options: sandbox.InstanceOptions{LDJSONOnly: true}, typed: func(i *sandbox.Instance) string {
			return "@marie@" + i.LocalDomain()
		}},
		"split": {options: sandbox.InstanceOptions{LocalDomain: "town.localhost"}, typed: func(i *sandbox.Instance) string {
			return "@marie@" + i.LocalDomain()
		}},
		"split, by its web host": {options: sandbox.InstanceOptions{LocalDomain: "town.localhost"}, typed: func(i *sandbox.Instance) string {
			return "@marie@" + strings.TrimPrefix(i.BaseURL(), "http://")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, a := instance(t, c.options)
			i.SetSecureMode(c.secure)
			w := newWorld(t)
			for range 2 { // a host that wants signatures is remembered
				got, err := w.Resolve(t.Context(), handle(t, c.typed(i)))
				if err != nil {
					t.Fatalf("%v: %v", err, errors.Unwrap(err))
				}
				if got.ID != a.ActorID() || got.URL != a.URL() || got.Handle.String() != a.Handle() ||
					"http://"+got.Host.String() != i.BaseURL() {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*sandbox.Instance, *sandbox.Account)
		user   string
		want   error
		kind   fault.Kind
	}{
		"unknown":   {func(*sandbox.Instance, *sandbox.Account) {}, "nobody", ErrHandleNotFound, fault.NotFound},
		"deleted":   {func(_ *sandbox.Instance, a *sandbox.Account) { a.Delete() }, "marie", ErrHandleGone, fault.NotFound},
		"suspended": {func(_ *sandbox.Instance, a *sandbox.Account) { a.SetSuspended(true) }, "marie", ErrSuspended, fault.Invalid},
		"moved":     {func(_ *sandbox.Instance, a *sandbox.Account) { a.SetMovedTo("https://b.example/1") }, "marie", ErrMoved, fault.Invalid},
		"failing":   {func(i *sandbox.Instance, _ *sandbox.Account) { i.Fail("/.well-known/webfinger", 500) }, "marie", ErrInstance, fault.Upstream},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, a := instance(t, sandbox.InstanceOptions{})
			c.change(i, a)
			_, err := newWorld(t).Resolve(t.Context(), handle(t, c.user+"@"+i.LocalDomain()))
			if f, ok := fault.Of(err); !ok || !errors.Is(err, c.want) || f.Kind != c.kind {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Without the permission for loopback the handle's host is reached by https
// alone, and safehttp refuses it.
func TestLoopbackIsRefused(t *testing.T) {
	t.Parallel()
	i, _ := instance(t, sandbox.InstanceOptions{})
	w := newWorld(t)
	w.Loopback = false
	if _, err := w.Resolve(t.Context(), handle(t, "marie@"+i.LocalDomain())); err == nil {
		t.Error("resolved over http")
	}
}

func TestResolveAfterCancel(t *testing.T) {
	t.Parallel()
	i, _ := instance(t, sandbox.InstanceOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newWorld(t).Resolve(ctx, handle(t, "marie@"+i.LocalDomain())); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
