package web

import (
	"net/http"

	"cocarde.example/internal/fault"
)

var errCrossOrigin = fault.New(fault.Forbidden, "cross_origin",
	"This was sent by a page of another site. Open the link from the mail, and press the button there.")

// askToStop shows the button. Mail scanners follow links: looking changes nothing.
func (s *Web) askToStop(w http.ResponseWriter, r *http.Request) error {
	// Without a referrer, browsers that lack Sec-Fetch-Site would send the button's
	// origin as null.
	w.Header().Set("Referrer-Policy", "same-origin")
	return s.pages.show(w, r, http.StatusOK, "stop", nil)
}

func (s *Web) stop(w http.ResponseWriter, r *http.Request) error {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return errCrossOrigin.Because(err)
	}
	if err := s.requests.StopMail(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return s.pages.show(w, r, http.StatusOK, "stopped", nil)
}
