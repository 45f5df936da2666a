package chain

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cocarde.example/api/contracttest"
	"cocarde.example/attest"
	"cocarde.example/verify"
)

func TestAnAttestationEndsByItselfAndAnotherMayFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	i := a.attested()
	claims, err := verify.Peek(i.Public)
	if err != nil {
		t.Fatal(err)
	}
	const hour, day = 3600, 24 * 3600
	if claims.IssuedAt%hour != 0 || claims.NotBefore != claims.IssuedAt || claims.ExpiresAt != claims.IssuedAt+180*day ||
		claims.AccountProof.At%day != 0 || claims.MailboxProof.At%day != 0 {
		t.Errorf("the token's times point to one mail: %+v", claims)
	}
	w.clock.advance(179 * 24 * time.Hour)
	eventually(t, patience, func() error { return hasStatus(a.visitor, i.Public, "valid") })
	a.ask().refused(http.StatusConflict, "account_has_badge", "/handle")
	w.clock.advance(2 * 24 * time.Hour)
	if r := a.report(map[string]string{"handle": a.handle}); r.Valid || r.Code != verify.Expired {
		t.Errorf("after its end: %s", r.Code)
	}
	a.codes = 1
	a.begin()
	a.proveAccount()
	if m := a.codeMail(2); strings.Contains(m.Text, "révoquera") {
		t.Errorf("the mail speaks of replacing what has ended: %s", m.Text)
	}
	a.typeCode(a.nextCode()).want(http.StatusOK)
	eventually(t, patience, func() error { return hasStatusCode(a.visitor, i.Public, verify.Expired) })
	a.issue().want(http.StatusCreated)
	mustHold(t, a.report(map[string]string{"handle": a.handle}))
}

func TestASuspendedBadgeIsFoundAndSaidToBeSo(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	i := a.attested()
	if _, err := w.desk(t).Badges.Suspend(t.Context(), attest.Act{BadgeID: i.id(), By: "operator", Reason: attest.Other}); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, func() error { return hasStatus(a.visitor, i.Public, "suspended") })
	for _, handle := range []string{a.handle, strings.ToUpper(a.handle), strings.TrimPrefix(a.handle, "@"), "acct:" + a.handle[1:]} {
		if r := a.report(map[string]string{"handle": handle}); r.Code != verify.StatusSuspended || r.Status != "suspended" {
			t.Errorf("%s: %s", handle, r.Code)
		}
		a.get("/v1/attestations?handle=" + handle).want(http.StatusOK)
	}
}

// TestABadgeThatHasEndedSaysWhen: its status is the status list's, which knows nothing of the
// time; the contract says so, and everything that tells the status tells the end too.
func TestABadgeThatHasEndedSaysWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	i := a.attested()
	w.clock.advance(181 * 24 * time.Hour)
	eventually(t, patience, func() error { return hasStatusCode(a.visitor, i.Public, verify.Expired) })
	type ends struct {
		Status    string
		ExpiresAt time.Time `json:"expires_at"`
	}
	var shown ends
	a.get("/v1/attestations/" + i.id()).want(http.StatusOK).into(&shown)
	a.accessed(i.id(), "code")
	var kept struct{ Attestations []ends }
	a.own(http.MethodGet, i.id(), "/record").want(http.StatusOK).into(&kept)
	for _, e := range append(kept.Attestations, shown) {
		if e.Status != "valid" || !e.ExpiresAt.Before(w.clock.now()) {
			t.Errorf("an ended badge is shown as %+v", e)
		}
	}
	schemas := contracttest.Contract(t).Components.Schemas
	if text := schemas["Status"].Value.Description; !strings.Contains(text, "`expires_at`") {
		t.Errorf("the contract does not say what a status leaves out: %s", text)
	}
	for _, name := range []string{"Attestation", "RecordedAttestation"} {
		if text := schemas[name].Value.Properties["expires_at"].Value.Description; !strings.Contains(text, "whatever its `status`") {
			t.Errorf("the contract does not say what the end means in %s: %s", name, text)
		}
	}
}

// A clock that is set while the issuer runs is borne: what is published is soon
// believed by that clock, requests go on, and so they do once it is right again.
func TestAClockThatIsSetIsBorne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.toMorning()
	instance, desk := w.instance(t), w.desk(t)
	believed := func(v visitor) error {
		issuer, err := verify.NewIssuer(w.origin(), []byte(v.get("/.well-known/jwks.json").text))
		if err != nil {
			return err
		}
		_, err = verify.VerifyStatusList(v.get("/status/1").text, issuer, w.origin()+"/status/1", w.clock.now())
		return err
	}
	for _, wrong := range []time.Duration{time.Hour, -time.Hour, 25 * time.Hour, -25 * time.Hour} {
		a, b := w.agent(t, instance), w.agent(t, instance)
		b.begin()
		b.proveAccount()
		code := b.nextCode()

		w.clock.Set(wrong)
		eventually(t, patience, func() error { return believed(a.visitor) })
		i := a.attested()
		mustHold(t, a.report(map[string]string{"handle": a.handle}))
		if _, err := desk.Badges.Suspend(t.Context(), attest.Act{BadgeID: i.id(), By: "operator", Reason: attest.Other}); err != nil {
			t.Fatal(err)
		}
		eventually(t, patience, func() error { return hasStatus(a.visitor, i.Public, "suspended") })
		if wrong < 0 { // else codes and requests end too early
			b.typeCode(code).want(http.StatusOK)
		}

		w.clock.Set(0)
		eventually(t, patience, func() error { return believed(a.visitor) })
		if wrong < 0 {
			b.issue().want(http.StatusCreated)
			mustHold(t, b.report(map[string]string{"handle": b.handle}))
		}
		w.agent(t, instance).attested()
	}
}
