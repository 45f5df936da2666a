package web

import "net/http"

// problem explains a problem code: the page that a problem's type leads to.
func (s *Web) problem(w http.ResponseWriter, r *http.Request) error {
	code := r.PathValue("code")
	text, known := s.pages.texts[languageOf(r)].problems[code]
	if !known {
		return errNotFound
	}
	return s.pages.show(w, r, http.StatusOK, "problem", struct{ Code, Text string }{code, text})
}
