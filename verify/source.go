package verify

import (
	"context"
	"errors"
	"time"
)

// Source gives the verifier what a token does not carry. It is safe for concurrent use.
type Source interface {
	// Issuer gives the keys of an issuer. Whether iss is trusted is decided before
	// anything is fetched: ErrIssuerUntrusted. Further errors: ErrIssuerMismatch; any
	// other counts as ErrIssuerUnreachable.
	Issuer(ctx context.Context, iss string) (*Issuer, error)
	// Refresh is asked when Issuer's answer lacks a key. It looks once more if it
	// has not just done so, and else gives what it has. Errors as of Issuer.
	Refresh(ctx context.Context, iss string) (*Issuer, error)
	// StatusList gives a list whose signature by one of the issuer's keys has been
	// verified (see VerifyStatusList). Any error means that there is no list that may
	// be believed. uri has passed CheckListURI.
	StatusList(ctx context.Context, iss, uri string) (StatusReader, error)
}

// StatusReader answers for one status list.
type StatusReader interface {
	// Status gives the status at an index, ErrIndex where the list has no such index.
	Status(idx int64) (Status, error)
	// FreshUntil is the time from which the answers must no longer be believed; the
	// zero time sets no limit.
	FreshUntil() time.Time
}

// Errors of a Source; wrap them to say more.
var (
	ErrIssuerUntrusted   = errors.New("issuer is not trusted here")
	ErrIssuerUnreachable = errors.New("issuer's keys cannot be had now")
	ErrIssuerMismatch    = errors.New("issuer's metadata speaks of another issuer")
)

// ErrIndex says that a status list has no entry at an index.
var ErrIndex = errors.New("index outside the status list")
