package api

import (
	"net/http"

	"cocarde.example/attest"
)

// The agent's own acts on a badge, with the token of a request whose proofs stand.

func (q requests) withdrawBadge(r *http.Request, _ none) (answer[none], error) {
	token, err := bearer(r)
	if err != nil {
		return answer[none]{}, err
	}
	return answer[none]{status: http.StatusNoContent}, q.domain.WithdrawBadge(r.Context(), r.PathValue("id"), token)
}

func (q requests) eraseRecord(r *http.Request, _ none) (answer[none], error) {
	token, err := bearer(r)
	if err != nil {
		return answer[none]{}, err
	}
	return answer[none]{status: http.StatusNoContent}, q.domain.EraseBadge(r.Context(), r.PathValue("id"), token)
}

// readRecord is a file to be kept; nobody else keeps it.
func (q requests) readRecord(r *http.Request, _ none) (answer[attest.Kept], error) {
	token, err := bearer(r)
	if err != nil {
		return answer[attest.Kept]{}, err
	}
	kept, err := q.domain.Kept(r.Context(), r.PathValue("id"), token)
	header := http.Header{
		"Content-Disposition": {`attachment; filename="badge-` + kept.ID + `.json"`},
		"Cache-Control":       {"no-store"},
	}
	return answer[attest.Kept]{http.StatusOK, header, kept}, err
}
