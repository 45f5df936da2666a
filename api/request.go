package api

import (
	"net/http"
	"strings"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
)

var errTokenMissing = fault.New(fault.Unauthorized, "token_missing",
	"This call needs the request's token. Send it as Authorization: Bearer …")

// requests are the calls on the way to an attestation.
type requests struct {
	domain Requests
	now    func() time.Time
}

func (q requests) look(r *http.Request, _ none) (answer[Request], error) {
	token, err := bearer(r)
	if err != nil {
		return answer[Request]{}, err
	}
	return viewed(q.domain.Look(r.Context(), r.PathValue("id"), token))
}

func (q requests) withdraw(r *http.Request, _ none) (answer[none], error) {
	token, err := bearer(r)
	if err != nil {
		return answer[none]{}, err
	}
	return answer[none]{status: http.StatusNoContent}, q.domain.Withdraw(r.Context(), r.PathValue("id"), token)
}

func (q requests) proveAccount(r *http.Request, b AccountProof) (answer[Request], error) {
	token, err := bearer(r)
	if err != nil {
		return answer[Request]{}, err
	}
	if b.Code != nil {
		return viewed(q.domain.ConfirmAccount(r.Context(), r.PathValue("id"), token, *b.Code))
	}
	begun, err := q.domain.AdvanceAccount(r.Context(), r.PathValue("id"), token, front.ClientKey(r))
	if err != nil {
		return answer[Request]{}, err
	}
	return answer[Request]{http.StatusOK, q.remember(begun, ""), view(begun.View)}, nil
}

func (q requests) proveMailbox(r *http.Request, b MailboxProof) (answer[Request], error) {
	token, err := bearer(r)
	if err != nil {
		return answer[Request]{}, err
	}
	if b.Code != nil {
		return viewed(q.domain.ProveMailbox(r.Context(), r.PathValue("id"), token, *b.Code))
	}
	return viewed(q.domain.RenewCode(r.Context(), r.PathValue("id"), token, front.ClientKey(r)))
}

func (q requests) issue(r *http.Request, _ none) (answer[IssuedAttestation], error) {
	token, err := bearer(r)
	if err != nil {
		return answer[IssuedAttestation]{}, err
	}
	issued, err := q.domain.Issue(r.Context(), r.PathValue("id"), token)
	return answer[IssuedAttestation]{
		http.StatusCreated,
		http.Header{"Location": {"/v1/attestations/" + issued.BadgeID}},
		IssuedAttestation{
			Attestation:               issued.Attestation,
			AttestationWithDisclosure: issued.WithDisclosure,
			BadgeURL:                  issued.BadgeURL,
		},
	}, err
}

// remember sets the asking browser's cookie, until the request's end, where a
// sign-in has begun. SameSite=Lax brings it back with the callback, a navigation
// from the instance.
func (q requests) remember(b attest.Begun, location string) http.Header {
	h := http.Header{}
	if b.Browser != "" {
		cookie := http.Cookie{
			Name: attest.BrowserCookie, Value: b.Browser, Path: "/", Secure: true, HttpOnly: true,
			SameSite: http.SameSiteLaxMode, MaxAge: wholeSeconds(b.ExpiresAt.Sub(q.now())),
		}
		h["Set-Cookie"] = []string{cookie.String()}
	}
	if location != "" {
		h["Location"] = []string{location}
	}
	return h
}

// bearer gives the token of the Authorization header (RFC 6750 §2.1).
func bearer(r *http.Request) (string, error) {
	headers := r.Header["Authorization"]
	if len(headers) != 1 {
		return "", errTokenMissing
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", errTokenMissing
	}
	return token, nil
}

func viewed(v attest.View, err error) (answer[Request], error) {
	return ok(view(v)), err
}

func view(v attest.View) Request {
	return Request{
		ID: v.ID, Purpose: RequestPurpose(v.Purpose), State: RequestState(v.State), Handle: v.Handle.String(), Actor: v.Actor.ID,
		Agency: agencyOf(v.Agency), AuthorizeURL: optional(v.AuthorizeURL), BadgeURL: v.BadgeURL,
		LinkURL: optional(v.LinkURL), ExpiresAt: v.ExpiresAt.UTC(), Link: linkOf(v), MailError: optional(v.MailError),
	}
}

// linkOf says what a look at the profile has seen, where there was one.
func linkOf(v attest.View) *ProfileLink {
	if v.Link == nil {
		return nil
	}
	l := ProfileLink{
		Found: v.Link.Found, FieldLinks: v.Link.FieldLinks, HeadLinks: v.Link.HeadLinks,
		PageRead: v.Link.PageRead, Expected: v.LinkURL, Links: []SeenLink{},
	}
	if v.Link.Found {
		where := LinkPlace(v.Link.Where)
		l.Where = &where
	}
	for _, s := range v.Link.Links {
		seen := SeenLink{Where: LinkPlace(s.Where), Text: s.Text}
		if s.Near != "" {
			near := SeenLinkNear(s.Near)
			seen.Near = &near
		}
		l.Links = append(l.Links, seen)
	}
	return &l
}

func agencyOf(a attest.Agency) Agency {
	return Agency{Domain: a.Domain, Name: optional(a.Name), Country: a.Country}
}
