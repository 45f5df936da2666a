package fediverse

import (
	"context"
	"time"
)

// App is the program's registration at one instance.
type App struct {
	// Host is the instance's, with the port on loopback; for a registration that
	// serves one sign-in only, a space and a hash follow.
	Host         string
	RedirectURI  string
	ClientID     string
	ClientSecret []byte // sealed
	Scope        string
	Authorize    string // endpoints, each on Host
	Token        string
	Revoke       string // empty where there is none
	// EndsAt is when it need no longer be kept: zero but for one that serves a
	// single sign-in.
	EndsAt time.Time
}

// AppStore keeps registrations: one under each Host.
type AppStore interface {
	// App gives the registration at a host; ok is false if there is none.
	App(ctx context.Context, host string) (a App, ok bool, err error)
	// SaveApp keeps it, unless one stands under its Host: that one stays, since
	// sign-ins may be under way with it.
	SaveApp(ctx context.Context, a App) error
	// ForgetApp deletes it, if its client id still is the one given.
	ForgetApp(ctx context.Context, host, clientID string) error
}
