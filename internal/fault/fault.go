// Package fault owns the one kind of error that crosses rooms: a stable code
// for programs, a safe message for people, and the cause for the log.
//
// A room returns an *Error for what its caller may be told; every other error
// is an internal one, whose text never leaves the log.
package fault

import (
	"errors"
	"time"
)

// Kind says what sort of refusal an error is. The HTTP edge maps it to a
// status, the command line to an exit code.
type Kind int

// The kinds.
const (
	Internal     Kind = iota // a defect of ours: nothing but its occurrence is told
	Invalid                  // the caller's input can never be accepted as it is
	Unauthorized             // a token is absent or wrong
	Forbidden                // known caller, not allowed
	NotFound                 // there is no such thing
	Conflict                 // the state of the thing stands against it
	Gone                     // it was there, and has ended
	TooLarge                 // more bytes than the limit
	Limited                  // too often: RetryAfter says when to come back
	Upstream                 // somebody else's server answered wrongly
	Unavailable              // we cannot do it now; later we may
)

// Error is a refusal that may be shown.
type Error struct {
	Kind Kind
	// Code is stable, lower case, words joined by underscores: "handle_malformed".
	Code string
	// Message is one or two plain English sentences that say what is wrong and
	// what to do. It holds no mailbox, code, token or key.
	Message string
	// Field is the JSON Pointer (RFC 6901) of the offending member, if there is one.
	Field string
	// RetryAfter is how long to wait before trying again; zero when waiting does not help.
	RetryAfter time.Duration

	cause error
}

// New makes an Error without a cause.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// At returns a copy that points at a member of the input.
func (e *Error) At(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// After returns a copy that says when to come back.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Because returns a copy that carries the cause, for the log only.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Error gives the code and the safe message; the cause is left to Unwrap.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Unwrap gives the hidden cause.
func (e *Error) Unwrap() error { return e.cause }

// Is matches another *Error of the same code, so that package variables serve
// as targets of errors.Is whatever copy was returned.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Of finds the *Error in a chain.
func Of(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// Code gives the stable code of an error, "internal" when it has none.
func Code(err error) string {
	if e, ok := Of(err); ok {
		return e.Code
	}
	return "internal"
}

// Cause gives, for the log only, the error that lies behind the faults in a chain;
// the error itself when there is none.
func Cause(err error) error {
	for {
		f, ok := Of(err)
		if !ok || f.cause == nil {
			return err
		}
		err = f.cause
	}
}
