package api

import (
	"net/http"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

// badges are the looks at what was issued.
type badges struct {
	issuer string
	domain Badges
}

func (b badges) byID(w http.ResponseWriter, r *http.Request) error {
	p, err := b.domain.Published(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return b.show(w, r, p)
}

var errHandleMissing = fault.New(fault.Invalid, "handle_missing",
	"Say once which account you look for: ?handle=@user@host.").At("/handle")

func (b badges) byHandle(w http.ResponseWriter, r *http.Request) error {
	handles := r.URL.Query()["handle"]
	if len(handles) != 1 {
		return errHandleMissing
	}
	p, err := b.domain.PublishedByHandle(r.Context(), handles[0])
	if err != nil {
		return err
	}
	return b.show(w, r, p)
}

// show gives the token alone to whoever asks for its media type.
func (b badges) show(w http.ResponseWriter, r *http.Request, p attest.Published) error {
	w.Header().Add("Vary", "Accept")
	if prefers(r, "application/json", tokenType) == tokenType {
		w.Header().Set("Content-Type", tokenType)
		writeBody(w, http.StatusOK, []byte(p.Attestation.Token))
		return nil
	}
	badge, a := p.Badge, p.Attestation
	return writeJSON(w, http.StatusOK, nil, Attestation{
		ID: badge.ID, Attestation: a.Token, Type: AttestationType(badge.Kind),
		Status: Status(badge.Status.String()), StatusChangedAt: badge.ChangedAt.UTC().Truncate(time.Hour),
		Handle: badge.Actor.Handle.String(), Actor: badge.Actor.ID, Agency: agencyOf(badge.Agency),
		IssuedAt: a.IssuedAt.UTC(), ExpiresAt: a.ExpiresAt.UTC(), BadgeURL: attest.BadgeURL(b.issuer, badge.ID),
	})
}
