package web

import (
	"net/http"

	"cocarde.example/internal/locale"
)

// problem explains a problem code: the page that a problem's type leads to.
func (s *Web) problem(w http.ResponseWriter, r *http.Request) error {
	code := r.PathValue("code")
	title, text, known := locale.Problem(s.pages.languageOf(r), code)
	if !known {
		return errNotFound
	}
	return s.pages.show(w, r, http.StatusOK, "problem", struct{ Code, Title, Text string }{code, title, text})
}
