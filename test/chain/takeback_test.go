package chain

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// hasStatus is nil if the endpoint reports this status, and the code that goes with it.
func hasStatus(v visitor, token, status string) error {
	v.t.Helper()
	r := v.report(map[string]string{"attestation": token})
	code := verify.Code(status)
	if status == "valid" {
		code = ""
	}
	if r.Status != status || r.Code != code || r.Valid != (status == "valid") {
		return fmt.Errorf("the endpoint says status %q, code %q", r.Status, r.Code)
	}
	return nil
}

// hasStatusCode is nil if the endpoint reports this code.
func hasStatusCode(v visitor, token string, code verify.Code) error {
	v.t.Helper()
	if r := v.report(map[string]string{"attestation": token}); r.Code != code {
		return fmt.Errorf("the endpoint says %q", r.Code)
	}
	return nil
}

// listed is nil if the published list says so of the token's index.
func listed(v visitor, token string, want verify.Status) error {
	v.t.Helper()
	claims, err := verify.Peek(token)
	if err != nil {
		return err
	}
	issuer, err := verify.NewIssuer(v.origin, []byte(v.get("/.well-known/jwks.json").text))
	if err != nil {
		return err
	}
	list, err := verify.VerifyStatusList(v.get(claims.StatusURI).text, issuer, claims.StatusURI, time.Now())
	if err != nil {
		return err
	}
	got, err := list.Status(claims.StatusIndex)
	if err == nil && got != want {
		err = fmt.Errorf("the list says %s, want %s", got, want)
	}
	return err
}

// Not parallel: it measures what is promised within a second.
func TestTakingBackIsSeenWithinASecond(t *testing.T) {
	w := shared(t)
	a := w.agent(t, w.instance(t))
	bystander := w.agent(t, a.world.instance(t)).attested()
	i := a.attested()
	desk := w.desk(t)
	act := attest.Act{BadgeID: i.id(), By: "operator", Reason: attest.LeftAgency, Note: "by the test"}
	var seenAfter []time.Duration
	for _, step := range []struct {
		status string
		listed verify.Status
		do     func(context.Context, attest.Act) (bool, error)
	}{
		{"suspended", verify.Suspended, desk.Badges.Suspend},
		{"valid", verify.Valid, desk.Badges.Resume},
		{"suspended", verify.Suspended, desk.Badges.Suspend},
		{"revoked", verify.Revoked, desk.Badges.Revoke},
	} {
		changed, err := step.do(t.Context(), act)
		if err != nil || !changed {
			t.Fatalf("%s: changed %v, %v", step.status, changed, err)
		}
		began := time.Now()
		eventually(t, patience, func() error { return hasStatus(a.visitor, i.Public, step.status) })
		seenAfter = append(seenAfter, time.Since(began))
		eventually(t, patience, func() error { return listed(a.visitor, i.Public, step.listed) })
		if changed, err := step.do(t.Context(), act); err != nil || changed {
			t.Errorf("%s again: changed %v, %v", step.status, changed, err)
		}
		var found struct{ Status string }
		a.get("/v1/attestations/" + i.id()).want(http.StatusOK).into(&found)
		if found.Status != step.status {
			t.Errorf("looked up, the badge is %s, want %s", found.Status, step.status)
		}
		if step.status == "suspended" {
			a.ask().refused(http.StatusConflict, "account_has_badge", "/handle")
		}
	}
	// On a machine that does much else meanwhile one may take longer; not all.
	if slices.Min(seenAfter) > time.Second {
		t.Errorf("seen after %v, never within a second", seenAfter)
	}
	if _, err := desk.Badges.Resume(t.Context(), act); err == nil {
		t.Error("a revoked badge was resumed")
	}
	if err := hasStatus(a.visitor, bystander.Public, "valid"); err != nil {
		t.Errorf("another badge: %v", err)
	}
	again := a.attested() // what is revoked stands in nobody's way
	if again.id() == i.id() {
		t.Error("the new badge has the revoked one's id")
	}
	mustHold(t, a.report(map[string]string{"handle": a.handle}))
	if err := hasStatus(a.visitor, i.Public, "revoked"); err != nil {
		t.Error(err)
	}
}

// Not parallel: it measures what is promised within a second.
func TestABadgeThatIsReplacedIsRevokedWithinASecond(t *testing.T) {
	w := shared(t)
	instance := w.instance(t)
	first, second := w.agent(t, instance), w.agent(t, instance)
	second.mailbox = first.mailbox
	old := first.attested()
	second.begin()
	second.proveAccount()
	second.typeCode(second.nextCodeAfter(1)).want(http.StatusOK)
	second.issue().want(http.StatusCreated)
	eventually(t, time.Second, func() error { return hasStatus(first.visitor, old.Public, "revoked") })
	eventually(t, 3*time.Second, func() error { return listed(first.visitor, old.Public, verify.Revoked) })
}
