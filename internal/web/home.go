package web

import "net/http"

// home says what this is, and shows its doors.
func (s *Web) home(w http.ResponseWriter, r *http.Request) error {
	return s.pages.show(w, r, http.StatusOK, "home", s.issuer)
}
