package web

import "net/http"

// askToStop shows the button. Mail scanners follow links: looking changes nothing.
func (s *Web) askToStop(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Has(stopDone) {
		return s.pages.show(w, r, http.StatusOK, "stopped", nil)
	}
	return s.showForm(w, r, http.StatusOK, "stop", nil)
}

// stopDone is the parameter of the page after the button.
const stopDone = "done"

func (s *Web) stop(w http.ResponseWriter, r *http.Request) error {
	if err := s.requests.StopMail(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return s.redirect(w, r, r.URL.Path+"?"+stopDone+"=yes")
}
