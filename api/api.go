package api

import (
	"time"

	"cocarde.example/internal/fault"
)

// Config is what the API is made of. All of it is required.
type Config struct {
	Issuer    string // origin
	Requests  Requests
	Badges    Badges
	Verifier  Verifier
	Artefacts Artefacts
	Agencies  Agencies
	Health    Health
	Contract  []byte // openapi.yaml
	Problems  *Problems
	Now       func() time.Time
}

// API is the JSON API. It is safe for concurrent use.
type API struct {
	requests  requests
	badges    badges
	checking  checking
	published published
	agencies  Agencies
	health    Health
	problems  *Problems
}

// New makes an API.
func New(c Config) *API {
	return &API{
		requests:  requests{domain: c.Requests, now: c.Now},
		badges:    badges{issuer: c.Issuer, domain: c.Badges},
		checking:  checking{badges: c.Badges, verifier: c.Verifier},
		published: published{artefacts: c.Artefacts, contract: contractArtefact(c.Contract)},
		agencies:  c.Agencies,
		health:    c.Health,
		problems:  c.Problems,
	}
}

var errNotFound = fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
