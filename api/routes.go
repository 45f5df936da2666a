package api

import (
	"net/http"

	"github.com/gorilla/mux"

	"cocarde.example/internal/front"
)

// Mount adds the API's routes. HEAD and OPTIONS are the front's work.
func (a *API) Mount(router *mux.Router) {
	p := a.problems
	get := func(path string, h http.Handler) { router.Handle(path, h).Methods(http.MethodGet) }
	post := func(path string, h http.Handler) { router.Handle(path, h).Methods(http.MethodPost) }

	q := a.requests
	post("/v1/requests", handle(p, maxBody, q.begin))
	get("/v1/requests/{id}", handle(p, maxBody, q.look))
	router.Handle("/v1/requests/{id}", handle(p, maxBody, q.withdraw)).Methods(http.MethodDelete)
	post("/v1/requests/{id}/account-proof", handle(p, maxBody, q.proveAccount))
	post("/v1/requests/{id}/mailbox-proof", handle(p, maxBody, q.proveMailbox))
	post("/v1/requests/{id}/attestation", handle(p, maxBody, q.issue))

	get("/v1/attestations", front.CORS(p.guard(a.badges.byHandle)))
	get("/v1/attestations/{id}", front.CORS(p.guard(a.badges.byID)))
	router.Handle("/v1/attestations/{id}", handle(p, maxBody, q.withdrawBadge)).Methods(http.MethodDelete)
	get("/v1/attestations/{id}/record", handle(p, maxBody, q.readRecord))
	router.Handle("/v1/attestations/{id}/record", handle(p, maxBody, q.eraseRecord)).Methods(http.MethodDelete)
	post("/v1/verify", front.CORS(handle(p, maxVerifyBody, a.checking.verify)))
	get("/v1/agencies", front.CORS(handle(p, maxBody, a.listAgencies)))

	artefact := front.CORS(p.guard(a.published.byPath))
	get("/.well-known/jwks.json", artefact)
	get("/.well-known/jwt-vc-issuer", artefact)
	get("/vct/{type}/v1", artefact)
	get("/status", artefact)
	get("/status/{n}", front.CORS(p.guard(a.published.statusList)))
	get("/actor", artefact)
	get("/.well-known/webfinger", front.CORS(p.guard(a.published.webFinger)))
	get("/openapi.yaml", front.CORS(p.guard(a.published.openAPI)))
	post("/actor/inbox", p.guard(inbox))

	get("/healthz", handle(p, maxBody, a.isAlive))
	get("/readyz", handle(p, maxBody, a.isReady))
}
