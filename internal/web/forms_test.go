package web_test

import (
	"strings"
	"testing"

	"cocarde.example/api/contracttest"
	"cocarde.example/attest"
)

// TestTheAddressOfAFormLeadsToItsPage: after a refusal the address bar has it, and it
// is opened again, here or in another browser.
func TestTheAddressOfAFormLeadsToItsPage(t *testing.T) {
	t.Parallel()
	v := underWay(t, "en", attest.ByOAuth, attest.AwaitingMailboxProof)
	found := 0
	for path, item := range contracttest.Contract(t).Paths.Map() {
		if item.Post == nil || strings.HasPrefix(path, "/v1/") || path == "/actor/inbox" {
			continue
		}
		if item.Get == nil {
			t.Errorf("%s takes forms and cannot be opened", path)
		}
		if step, ok := strings.CutPrefix(path, "/request/{id}/"); ok {
			found++
			v.get(here + "/" + step).to(here)
			v.get(here + "/" + step + "?lang=fr").to(here + "?lang=fr")
			v.get("/request/000000000000/" + step).to("/request/000000000000") // no request of this browser
		}
	}
	if found == 0 {
		t.Error("no form is found")
	}
	if len(v.request.calls) > 0 {
		t.Errorf("looking did %v", v.request.calls)
	}
}
