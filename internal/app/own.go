package app

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"cocarde.example/internal/statuslist"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

// own is what the issuer knows of itself: the source with which its own verifier
// works, without fetching anything. It trusts nobody else.
type own struct {
	issuer *verify.Issuer
	board  *statuslist.Board
}

func newOwn(origin string, ring *keys.Ring, board *statuslist.Board) (own, error) {
	var revoked []verify.RevokedKey
	for _, k := range ring.Revoked() {
		revoked = append(revoked, verify.RevokedKey{KeyID: k.KID, RevokedAt: k.RevokedAt, Reason: k.Reason})
	}
	issuer, err := verify.NewIssuer(origin, ring.JWKS(), revoked...)
	return own{issuer: issuer, board: board}, err
}

// Issuer implements verify.Source.
func (o own) Issuer(_ context.Context, iss string) (*verify.Issuer, error) {
	if iss != o.issuer.URL() {
		return nil, verify.ErrIssuerUntrusted
	}
	return o.issuer, nil
}

// Refresh implements verify.Source: there is nothing newer to be had.
func (o own) Refresh(ctx context.Context, iss string) (*verify.Issuer, error) {
	return o.Issuer(ctx, iss)
}

var errNoList = errors.New("there is no such status list here")

// StatusList implements verify.Source.
func (o own) StatusList(_ context.Context, iss, uri string) (verify.StatusReader, error) {
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

// signer signs with the ring's active key.
type signer struct{ ring *keys.Ring }

func (s signer) Sign(typ string, payload []byte) (jws, kid string, err error) {
	kid, key, err := s.ring.Active()
	if err != nil {
		return "", "", err
	}
	jws, err = keys.SignJWS(key, kid, typ, payload)
	return jws, kid, err
}
