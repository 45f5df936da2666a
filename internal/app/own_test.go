package app

import (
	"errors"
	"testing"

	"cocarde.example/internal/statuslist"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

// The issuer's own source trusts nobody else, and knows its own lists alone.
func TestOwnSource(t *testing.T) {
	t.Parallel()
	ring, err := keys.NewRing(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	const origin = "https://cocarde.example.org"
	o := &own{origin: origin, board: statuslist.NewBoard(nil, nil)}
	if err := o.follow(ring); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, iss := range []string{"", "https://evil.example", origin + "/", origin + ".evil.example"} {
		if _, err := o.Issuer(ctx, iss); !errors.Is(err, verify.ErrIssuerUntrusted) {
			t.Errorf("%q: %v", iss, err)
		}
		if _, err := o.Refresh(ctx, iss); !errors.Is(err, verify.ErrIssuerUntrusted) {
			t.Errorf("%q: %v", iss, err)
		}
	}
	if i, err := o.Issuer(ctx, origin); err != nil || i.URL() != origin {
		t.Errorf("%v", err)
	}
	for _, uri := range []string{"", origin, origin + "/status/", origin + "/status/0", origin + "/status/-1", origin + "/status/x",
		"https://evil.example/status/1", origin + "/status/99999999999999999999"} {
		if _, err := o.StatusList(ctx, origin, uri); err == nil {
			t.Errorf("%q is a list of ours", uri)
		}
	}
	list, err := o.StatusList(ctx, origin, origin+"/status/1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := list.Status(1); !errors.Is(err, statuslist.ErrStale) {
		t.Errorf("a board that was never filled answers: %v", err)
	}
}
