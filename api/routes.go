package api

import "cocarde.example/internal/front"

// Routes are those of the API.
func (a *API) Routes() []front.Route {
	p, q := a.problems, a.requests
	artefact := front.CORS(p.guard(a.published.byPath))
	return []front.Route{
		front.Post("/v1/requests", handle(p, maxBody, q.begin)),
		front.Get("/v1/requests/{id}", handle(p, maxBody, q.look)),
		front.Delete("/v1/requests/{id}", handle(p, maxBody, q.withdraw)),
		front.Post("/v1/requests/{id}/account-proof", handle(p, maxBody, q.proveAccount)),
		front.Post("/v1/requests/{id}/mailbox-proof", handle(p, maxBody, q.proveMailbox)),
		front.Post("/v1/requests/{id}/attestation", handle(p, maxBody, q.issue)),

		front.Get("/v1/attestations", front.CORS(p.guard(a.badges.byHandle))),
		front.Get("/v1/attestations/{id}", front.CORS(p.guard(a.badges.byID))),
		front.Delete("/v1/attestations/{id}", handle(p, maxBody, q.withdrawBadge)),
		front.Get("/v1/attestations/{id}/record", handle(p, maxBody, q.readRecord)),
		front.Delete("/v1/attestations/{id}/record", handle(p, maxBody, q.eraseRecord)),
		front.Post("/v1/verify", front.CORS(handle(p, maxVerifyBody, a.checking.verify))),
		front.Get("/v1/agencies", front.CORS(handle(p, maxBody, a.listAgencies))),

		front.Get("/.well-known/jwks.json", artefact),
		front.Get("/.well-known/jwt-vc-issuer", artefact),
		front.Get("/vct/{type}/v1", artefact),
		front.Get("/status", artefact),
		front.Get("/status/{n}", front.CORS(p.guard(a.published.statusList))),
		front.Get("/actor", artefact),
		front.Get("/.well-known/webfinger", front.CORS(p.guard(a.published.webFinger))),
		front.Get("/openapi.yaml", front.CORS(p.guard(a.published.openAPI))),
		front.Post("/actor/inbox", p.guard(inbox)),

		front.Get("/healthz", handle(p, maxBody, a.isAlive)),
		front.Get("/readyz", handle(p, maxBody, a.isReady)),
	}
}
