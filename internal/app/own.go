package app

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cocarde.example/internal/statuslist"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

// own is what the issuer knows of itself: the source with which its own verifier
// works, without fetching anything. It trusts nobody else.
type own struct {
	origin string
	issuer atomic.Pointer[verify.Issuer]
	board  *statuslist.Board
}

// follow implements keyring.Follower.
func (o *own) follow(ring *keys.Ring) error {
	var revoked []verify.RevokedKey
	for _, k := range ring.Revoked() {
		revoked = append(revoked, verify.RevokedKey{KeyID: k.KID, RevokedAt: k.RevokedAt, Reason: k.Reason})
	}
	issuer, err := verify.NewIssuer(o.origin, ring.JWKS(), revoked...)
	if err == nil {
		o.issuer.Store(issuer)
	}
	return err
}

// Issuer implements verify.Source.
func (o *own) Issuer(_ context.Context, iss string) (*verify.Issuer, error) {
	if iss != o.origin {
		return nil, verify.ErrIssuerUntrusted
	}
	return o.issuer.Load(), nil
}

// Refresh implements verify.Source: there is nothing newer to be had.
func (o *own) Refresh(ctx context.Context, iss string) (*verify.Issuer, error) {
	return o.Issuer(ctx, iss)
}

var errNoList = errors.New("there is no such status list here")

// StatusList implements verify.Source.
func (o *own) StatusList(_ context.Context, iss, uri string) (verify.StatusReader, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(uri, iss+"/status/"), 10, 64)
	if err != nil || n < 1 {
		return nil, errNoList
	}
	return ownList{board: o.board, number: n}, nil
}

// ownList reads one list from the board, which knows by itself when it is stale.
type ownList struct {
	board  *statuslist.Board
	number int64
}

func (l ownList) Status(index int64) (verify.Status, error) { return l.board.Status(l.number, index) }
func (l ownList) FreshUntil() time.Time                     { return time.Time{} }
