package web

import (
	"net/http"

	"github.com/gorilla/mux"

	"cocarde.example/internal/front"
)

// Mount adds the pages' routes. HEAD and OPTIONS are the front's work.
func (s *Web) Mount(router *mux.Router) {
	get := func(path string, f func(http.ResponseWriter, *http.Request) error) {
		router.Handle(path, s.guard(f)).Methods(http.MethodGet)
	}
	post := func(path string, f func(http.ResponseWriter, *http.Request) error) {
		router.Handle(path, sameOrigin(s.guard(f), s.refuse)).Methods(http.MethodPost)
	}
	get("/", s.home)
	get("/agencies", s.listAgencies)
	get("/legal", s.legal)
	// A scanner of links must not use a sign-in up.
	router.Handle(callbackPath+"{instance}", front.NoHead(s.guard(s.callback))).Methods(http.MethodGet)
	get("/request/stop/{token}", s.askToStop)
	post("/request/stop/{token}", s.stop)
	get("/request", s.start)
	get(forgetPath, s.askToForget)
	post(forgetPath, s.forget)
	get(erasedPath, s.erased)
	get("/request/new", s.unlessClosing(s.askFirst))
	get("/request/new/{question}", s.unlessClosing(s.ask))
	post("/request/new/{question}", s.unlessClosing(s.answer))
	get("/request/{id}", s.step(s.where))
	post("/request/{id}/account-proof", s.step(s.proveAccount))
	post("/request/{id}/mailbox-proof", s.step(s.proveMailbox))
	post("/request/{id}/mailbox-code", s.step(s.renewCode))
	post("/request/{id}/attestation", s.step(s.issue))
	get("/request/{id}/attestation.txt", s.step(s.download))
	post("/request/{id}/profile-check", s.step(s.checkProfile))
	post("/request/{id}/withdrawal", s.step(s.withdraw))
	get("/request/{id}/record.json", s.step(s.takeRecord))
	post("/request/{id}/badge-withdrawal", s.step(s.withdrawBadge))
	post("/request/{id}/badge-erasure", s.step(s.eraseBadge))
	get("/verify", s.check)
	post("/verify", s.checkTyped)
	get("/problems/{code}", s.problem)
	get("/docs", s.docs)
	get("/docs/schemas", s.schemas)
	get("/static/{file}", s.pages.serveStatic)
	get("/logo.png", s.serveLogo)
	get("/favicon.svg", s.serveRosette)
	get("/b/{id}.svg", s.showBadge(asSVG))
	get("/b/{id}.png", s.showBadge(asPNG))
	get("/b/{id}", s.showBadge(asPage))
	get("/b/{id}/manage", s.manage)
	post("/b/{id}/manage", s.beginManaging)
	get("/b/{id}/preview.png", s.showBadge(asPreview))
	get("/b/{id}/qr.svg", s.showBadge(asQRSVG))
	get("/b/{id}/qr.png", s.showBadge(asQRPNG))
}
