package api

import (
	"net/http"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

var (
	errNotReady = attest.ErrNotReady.After(5 * time.Second)
	fine        = HealthStatus{Status: HealthStatusStatusOk}
)

func (a *API) isAlive(*http.Request, none) (answer[HealthStatus], error) {
	return ok(fine), nil
}

func (a *API) isReady(r *http.Request, _ none) (answer[HealthStatus], error) {
	if err := a.health.Ready(r.Context()); err != nil {
		return answer[HealthStatus]{}, errNotReady.Because(fault.Cause(err))
	}
	return ok(fine), nil
}
