package safehttp

import (
	"context"
	"errors"

	"code.dny.dev/ssrf"

	"cocarde.example/internal/fault"
)

// The refusals of a client. They are found in the errors of http.Client by
// errors.Is, errors.As and [fault.Of].
var (
	// ErrUnreachable: DNS, connection, TLS, or too slow.
	ErrUnreachable = fault.New(fault.Upstream, "instance_unreachable",
		"The server could not be reached, or did not answer in time. Check its name, or try again later.")
	// ErrAddressRefused: the URL or its address is not on the public internet.
	ErrAddressRefused = fault.New(fault.Invalid, "instance_address_refused",
		"The server is not at a public address on port 443 over https. Only such servers are contacted.")
	// ErrRedirectRefused: too many redirects, or one that must not be followed.
	ErrRedirectRefused = fault.New(fault.Upstream, "redirect_refused",
		"The server redirects where it must not, or too often. Its operator has to correct this.")
	// ErrTooLarge: the body is larger than its reader's limit.
	ErrTooLarge = fault.New(fault.Upstream, "response_too_large",
		"The server's answer is larger than the limit. Its operator has to correct this.")
	// ErrBusy: this program has too much under way with that server.
	ErrBusy = fault.New(fault.Unavailable, "instance_busy",
		"Too many requests to this server are under way. Try again in a minute.")
)

// asFault gives the refusal that err is. When the caller has cancelled it is no
// refusal at all: the error stays what it is.
func asFault(caller context.Context, err error) error {
	if _, ok := fault.Of(err); ok {
		return err
	}
	if errors.Is(caller.Err(), context.Canceled) {
		return err
	}
	for _, refused := range []error{ssrf.ErrProhibitedIP, ssrf.ErrProhibitedPort, ssrf.ErrProhibitedNetwork, ssrf.ErrInvalidHostPort} {
		if errors.Is(err, refused) {
			return ErrAddressRefused.Because(err)
		}
	}
	return ErrUnreachable.Because(err)
}
