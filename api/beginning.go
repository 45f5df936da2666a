package api

import (
	"net/http"
	"slices"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
)

// begin takes one of three beginnings: of a badge, of a renewal, or of access to what
// is kept.
func (q requests) begin(r *http.Request, b RequestBeginning) (answer[RequestBegun], error) {
	begin := q.beginBadge
	switch {
	case b.Renews != nil:
		begin = q.beginRenewal
	case b.Accesses != nil:
		begin = q.beginAccess
	}
	begun, err := begin(r, b)
	if err != nil {
		return answer[RequestBegun]{}, err
	}
	v := view(begun.View)
	return answer[RequestBegun]{http.StatusCreated, q.remember(begun, "/v1/requests/"+v.ID), RequestBegun{
		ID: v.ID, Purpose: v.Purpose, Token: begun.Token, State: v.State, Handle: v.Handle, Actor: v.Actor, Agency: v.Agency,
		AuthorizeURL: v.AuthorizeURL, BadgeURL: v.BadgeURL, LinkURL: v.LinkURL, ExpiresAt: v.ExpiresAt,
	}}, nil
}

func (q requests) beginBadge(r *http.Request, b RequestBeginning) (attest.Begun, error) {
	if err := b.has([]string{"handle", "email", "account_proof", "lang"}, "listed"); err != nil {
		return attest.Begun{}, err
	}
	return q.domain.Begin(r.Context(), attest.Beginning{
		Handle: *b.Handle, Email: *b.Email, Method: string(b.AccountProof.Method), Lang: *b.Lang,
		Listed: b.Listed == nil || *b.Listed, Client: front.ClientKey(r),
	})
}

func (q requests) beginRenewal(r *http.Request, b RequestBeginning) (attest.Begun, error) {
	if err := b.has([]string{"renews", "account_proof"}, "lang"); err != nil {
		return attest.Begun{}, err
	}
	return q.domain.BeginRenewal(r.Context(), attest.Renewing{
		BadgeID: *b.Renews, Method: string(b.AccountProof.Method), Lang: orEmpty(b.Lang), Client: front.ClientKey(r),
	})
}

func (q requests) beginAccess(r *http.Request, b RequestBeginning) (attest.Begun, error) {
	a := attest.Accessing{BadgeID: *b.Accesses, Lang: orEmpty(b.Lang), Client: front.ClientKey(r), ByMailbox: b.MailboxProof != nil}
	proof := "account_proof"
	if a.ByMailbox {
		proof = "mailbox_proof"
	}
	if err := b.has([]string{"accesses", proof}, "lang"); err != nil {
		return attest.Begun{}, err
	}
	if a.ByMailbox {
		a.Method = string(b.MailboxProof.Method)
	} else {
		a.Method = string(b.AccountProof.Method)
	}
	return q.domain.BeginAccess(r.Context(), a)
}

// errForms is the refusal of a member that belongs to another beginning.
var errForms = fault.New(fault.Invalid, "member_out_of_place",
	"This member does not go with the others: a body asks for a badge, renews one, or accesses one. The contract at /openapi.yaml says what each takes.")

// has is nil if the members are there that are required, and none but these and the optional.
func (b RequestBeginning) has(required []string, optional ...string) error {
	for _, m := range []struct {
		name  string
		there bool
	}{
		{"renews", b.Renews != nil}, {"accesses", b.Accesses != nil}, {"handle", b.Handle != nil}, {"email", b.Email != nil},
		{"account_proof", b.AccountProof != nil}, {"mailbox_proof", b.MailboxProof != nil}, {"lang", b.Lang != nil}, {"listed", b.Listed != nil},
	} {
		switch needed := slices.Contains(required, m.name); {
		case needed && !m.there:
			return errMissing.At("/" + m.name)
		case m.there && !needed && !slices.Contains(optional, m.name):
			return errForms.At("/" + m.name)
		}
	}
	return nil
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
