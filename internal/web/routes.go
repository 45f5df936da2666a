package web

import (
	"net/http"

	"cocarde.example/internal/front"
)

// Routes are those of the pages.
func (s *Web) Routes() (all []front.Route) {
	get := func(path string, f func(http.ResponseWriter, *http.Request) error) {
		all = append(all, front.Get(path, s.guard(f)))
	}
	post := func(path string, f func(http.ResponseWriter, *http.Request) error) {
		all = append(all, front.Post(path, sameOrigin(s.guard(f), s.refuse)))
	}
	get("/", s.home)
	get("/agencies", s.listAgencies)
	get("/legal", s.legal)
	// A scanner of links must not use a sign-in up.
	all = append(all, front.Get(callbackPath+"{instance}", front.NoHead(s.guard(s.callback))))
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
	get("/request/{id}/attestation.txt", s.step(s.download))
	get("/request/{id}/record.json", s.step(s.takeRecord))
	for name, take := range map[string]func(http.ResponseWriter, *http.Request, agent) error{
		"account-proof":    s.proveAccount,
		"mailbox-proof":    s.proveMailbox,
		"mailbox-code":     s.renewCode,
		"attestation":      s.issue,
		"profile-check":    s.checkProfile,
		"withdrawal":       s.withdraw,
		"badge-withdrawal": s.withdrawBadge,
		"badge-erasure":    s.eraseBadge,
	} {
		post("/request/{id}/"+name, s.step(take))
		get("/request/{id}/"+name, s.toRequest) // the address bar has it after a refusal
	}
	get("/verify", s.check)
	post("/verify", s.checkTyped)
	get("/problems/{code}", s.problem)
	get("/docs", s.docs)
	get("/docs/{group}", s.docsGroup)
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
	return all
}
