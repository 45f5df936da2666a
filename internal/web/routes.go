package web

import (
	"net/http"

	"github.com/gorilla/mux"
)

// Mount adds the pages' routes. HEAD and OPTIONS are the front's work.
func (s *Web) Mount(router *mux.Router) {
	get := func(path string, f func(http.ResponseWriter, *http.Request) error) {
		router.Handle(path, withPath(s.guard(f))).Methods(http.MethodGet)
	}
	post := func(path string, f func(http.ResponseWriter, *http.Request) error) {
		router.Handle(path, withPath(s.guard(f))).Methods(http.MethodPost)
	}
	get("/", s.home)
	get("/agencies", s.listAgencies)
	get("/legal", s.legal)
	get("/oauth/callback/{instance}", s.callback)
	get("/request/stop/{token}", s.askToStop)
	post("/request/stop/{token}", s.stop)
	get("/problems/{code}", s.problem)
	get("/docs", s.docs)
	get("/docs/schemas", s.schemas)
	get("/static/{file}", s.pages.serveStatic)
	get("/logo.png", s.serveLogo)
	get("/favicon.svg", s.serveRosette)
	get("/b/{id}.svg", s.showBadge(asSVG))
	get("/b/{id}.png", s.showBadge(asPNG))
	get("/b/{id}", s.showBadge(asPage))
	get("/b/{id}/preview.png", s.showBadge(asPreview))
	get("/b/{id}/qr.svg", s.showBadge(asQRSVG))
	get("/b/{id}/qr.png", s.showBadge(asQRPNG))
}

// withPath hands the path's variables over, so that no handler knows the router.
func withPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range mux.Vars(r) {
			r.SetPathValue(name, value)
		}
		next.ServeHTTP(w, r)
	})
}
