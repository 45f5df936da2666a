package fediverse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/safehttp"
)

// The refusals of this package, besides those of safehttp.
var (
	// ErrHandleNotFound: the handle's host knows no such account.
	ErrHandleNotFound = fault.New(fault.NotFound, "handle_not_found",
		"The host of this handle knows no such account. Check the handle, and write it in full: @user@host.")
	// ErrHandleGone: the account was deleted.
	ErrHandleGone = fault.New(fault.NotFound, "handle_gone",
		"This account has been deleted on its instance. Use an account that still exists.")
	// ErrInstance: the instance answered with an error status.
	ErrInstance = fault.New(fault.Upstream, "instance_error",
		"The instance answered with an error. Try again later, or tell its operator.")
	// ErrAnswer: the instance answered, but not as the protocol has it.
	ErrAnswer = fault.New(fault.Upstream, "instance_answer_invalid",
		"The instance's answer is not what the fediverse's protocols ask for. Its operator has to correct this.")
	// ErrActorType: what the account leads to is not served as an ActivityPub actor.
	ErrActorType = fault.New(fault.Upstream, "actor_wrong_type",
		"What the handle leads to is not an ActivityPub account. Check the handle, or tell the instance's operator.")
	// ErrActorMismatch: two servers, or two answers of one, say different things of the account.
	ErrActorMismatch = fault.New(fault.Upstream, "actor_mismatch",
		"The handle's host and the account's own instance do not confirm each other. Use the handle that the profile page shows.")
	// ErrSuspended: the account's own instance has suspended it.
	ErrSuspended = fault.New(fault.Invalid, "account_suspended",
		"This account is suspended or disabled on its own instance. Ask that instance's moderators.")
	// ErrMoved: the account names a successor.
	ErrMoved = fault.New(fault.Invalid, "account_moved",
		"This account has moved. Use the handle of the account that it moved to.")
	// ErrSignInUnsupported: the instance lacks the Mastodon client API.
	ErrSignInUnsupported = fault.New(fault.Upstream, "sign_in_unsupported",
		"This instance does not offer sign-in through the Mastodon API. Prove the account by a link in its profile instead.")
	// ErrSignIn: the instance did not complete the sign-in.
	ErrSignIn = fault.New(fault.Upstream, "sign_in_failed",
		"Your instance did not complete the sign-in. Begin it again from your request.")
	// ErrRevocation: the instance will never take this token back.
	ErrRevocation = fault.New(fault.Invalid, "revocation_refused",
		"The instance does not take this access token back. Its holder can remove the application in the account's settings.")
)

// failure gives the fault that an error of an HTTP client carries, without the
// URL around it. A caller who went away gets no fault, but the plain fact.
func failure(ctx context.Context, err error) error {
	if f, ok := fault.Of(err); ok {
		return f
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return safehttp.ErrUnreachable.Because(err)
}

// refused gives the fault for an error status, with the time to wait if the
// instance names one in seconds (RFC 9110 §10.2.3).
func refused(resp *http.Response) *fault.Error {
	f := ErrInstance.Because(fmt.Errorf("status %d", resp.StatusCode))
	s, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || s <= 0 || s > 86400 {
		return f
	}
	return f.After(time.Duration(s) * time.Second)
}

// invalid says, for the log, what is wrong with an answer.
func invalid(format string, a ...any) *fault.Error {
	return ErrAnswer.Because(fmt.Errorf(format, a...))
}
