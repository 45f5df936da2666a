package api

import (
	"net/http"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

const maxVerifyBody = verify.MaxToken + maxBody // so that the longest token fits with its frame

var (
	errOneOf = fault.New(fault.Invalid, "verify_one_of",
		"Give exactly one of attestation and handle.")
	errTokenTooLarge = fault.New(fault.TooLarge, "attestation_too_large",
		"An attestation has at most 64 KiB. This is none.").At("/attestation")
)

// checking is the verifier's endpoint.
type checking struct {
	badges   Badges
	verifier Verifier
}

func (c checking) verify(r *http.Request, b VerifyRequest) (answer[report], error) {
	if (b.Attestation == nil) == (b.Handle == nil) {
		return answer[report]{}, errOneOf
	}
	account := verify.AnyAccount()
	if b.ExpectHandle != nil {
		h, err := parseHandle(*b.ExpectHandle, "/expect_handle")
		if err != nil {
			return answer[report]{}, err
		}
		account = verify.ForHandle(h.String())
	}
	if b.Handle != nil {
		return c.verifyHandle(r, b, account)
	}
	if len(*b.Attestation) > verify.MaxToken {
		return answer[report]{}, errTokenTooLarge
	}
	return ok(report(c.verifier.Verify(r.Context(), *b.Attestation, account))), nil
}

// verifyHandle checks what is listed under a handle, as shown by that account
// unless another is expected.
func (c checking) verifyHandle(r *http.Request, b VerifyRequest, account verify.Account) (answer[report], error) {
	h, err := parseHandle(*b.Handle, "/handle")
	if err != nil {
		return answer[report]{}, err
	}
	p, err := c.badges.PublishedByHandle(r.Context(), h.String())
	if err != nil {
		return answer[report]{}, err
	}
	if b.ExpectHandle == nil {
		account = verify.ForHandle(h.String())
	}
	return ok(report(c.verifier.Verify(r.Context(), p.Attestation.Token, account))), nil
}

func parseHandle(s, field string) (acct.Handle, error) {
	h, err := acct.ParseHandle(s)
	if f, shown := fault.Of(err); shown {
		return h, f.At(field)
	}
	return h, err
}
