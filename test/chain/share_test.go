package chain

import (
	"net/http"
	"testing"

	"cocarde.example/attest"
)

func TestRefusedRequestsOfOneClientLeaveTheOthersTheirShare(t *testing.T) {
	t.Parallel()
	w := limited(t, func(l *attest.Limits) { l.RequestsPerClient, l.RequestsPerInstance, l.RequestsInTotal = 2, 5, 6 })
	instance := w.instance(t)
	for n := range 10 {
		got := w.agent(t, instance).ask("X-Forwarded-For: 203.0.113.7")
		if n < 2 {
			got.want(http.StatusCreated)
		} else {
			tooMany(t, got, "too_many_requests")
		}
	}
	w.agent(t, instance).ask("X-Forwarded-For: 203.0.113.8").want(http.StatusCreated)
}
