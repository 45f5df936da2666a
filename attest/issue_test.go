package attest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

func TestIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, a := w.issued(t, marie, "Marie.Dupont+x@culture.gouv.fr")
	if a.BadgeURL != b.BadgeURL || !strings.HasSuffix(a.BadgeURL, "/b/"+a.BadgeID) || w.state(t, b) != attest.Issued {
		t.Errorf("%+v", a)
	}
	claims, err := verify.Peek(a.Attestation)
	must(t, err)
	hour, day := began.Truncate(time.Hour).Unix(), began.Truncate(24*time.Hour).Unix()
	if claims.IssuedAt != hour || claims.NotBefore != hour || claims.ExpiresAt != hour+180*24*3600 ||
		claims.AccountProof != (verify.Proof{Method: "oauth", At: day}) || claims.MailboxProof != (verify.Proof{Method: "code", At: day}) ||
		claims.Issuer != issuer || claims.Acct != "acct:Marie@social.example" || claims.Subject != actorOf(t, marie).ID ||
		claims.StatusURI != issuer+"/status/1" || claims.StatusIndex < 0 || claims.StatusIndex >= 1<<20 || len(claims.ID) < 22 {
		t.Errorf("%+v", claims)
	}
	if r := w.verifier.Verify(t.Context(), a.Attestation, verify.ForHandle(marie)); !r.Valid || r.Attestation.Mailbox != "" {
		t.Errorf("public form: %+v", r)
	}
	r := w.verifier.Verify(t.Context(), a.WithDisclosure, verify.ForHandle(marie))
	if !r.Valid || r.Attestation.Mailbox != "Marie.Dupont+x@culture.gouv.fr" {
		t.Errorf("with the disclosure: %+v", r)
	}
	all := w.published(t)
	if len(all) != 1 || all[0].Attestation.Token != a.Attestation || !all[0].InForce(w.now()) || len(all[0].Badge.AccountVRF) != 64 || len(all[0].Badge.AgencyVRF) != 64 {
		t.Errorf("%+v", all)
	}
	mails := w.mails(t)
	if last := mails[len(mails)-1]; len(mails) != 2 || last.Kind != attest.MailIssued || last.Code != "" || last.BadgeURL != a.BadgeURL {
		t.Errorf("%+v", mails)
	}
}

// The answer is the same each time until the request ends, for the holder of its
// token alone.
func TestIssueRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.proven(t, marie, mailbox)
	answers := make([]attest.IssuedAnswer, 8)
	var calls sync.WaitGroup
	for i := range answers {
		calls.Go(func() {
			var err error
			if answers[i], err = w.Issue(t.Context(), b.ID, b.Token); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	w.pass(23 * time.Hour)
	again, err := w.Issue(t.Context(), b.ID, b.Token)
	must(t, err)
	for _, a := range answers {
		if a != again {
			t.Errorf("%+v\n%+v", a, again)
		}
	}
	if n := len(w.published(t)); n != 1 {
		t.Errorf("%d badges", n)
	}
	w.pass(time.Hour)
	_, err = w.Issue(t.Context(), b.ID, b.Token)
	wantCode(t, err, "request_expired")
	if w.state(t, b) != attest.Issued {
		t.Error(w.state(t, b))
	}
}

// A signer that signs with a key which does not stand in the JWKS, or anything
// else that no verifier would accept, gets nothing out and nothing stored.
func TestIssueStopsABadSigner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.proven(t, marie, mailbox)
	before := len(w.outbox(t))
	other, own := newSigner(t), w.config.Signer
	for name, change := range map[string]func(*attest.RequestsConfig){
		"another key": func(c *attest.RequestsConfig) { c.Signer = other },
		"another key under our name": func(c *attest.RequestsConfig) {
			c.Signer = signerFunc(func(typ string, payload []byte) (string, string, error) {
				_, kid, _ := own.Sign(typ, payload)
				jws, _, err := other.Sign(typ, payload)
				return jws, kid, err
			})
		},
		"another payload": func(c *attest.RequestsConfig) {
			c.Signer = signerFunc(func(typ string, payload []byte) (string, string, error) {
				return own.Sign(typ, []byte(strings.Replace(string(payload), "Marie@", "mallory@", 1)))
			})
		},
		"another type": func(c *attest.RequestsConfig) {
			c.Signer = signerFunc(func(_ string, payload []byte) (string, string, error) { return own.Sign("JWT", payload) })
		},
		"an error": func(c *attest.RequestsConfig) {
			c.Signer = signerFunc(func(string, []byte) (string, string, error) { return "", "", errors.New("token removed") })
		},
		"past its end": func(c *attest.RequestsConfig) { c.Validity = -time.Hour },
	} {
		_, err := w.with(change).Issue(t.Context(), b.ID, b.Token)
		if _, told := fault.Of(err); err == nil || told {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.published(t)) != 0 || len(w.outbox(t)) != before || w.state(t, b) != attest.Proven {
		t.Error("something was stored")
	}
	_, err := w.Issue(t.Context(), b.ID, b.Token)
	must(t, err)
}

type signerFunc func(typ string, payload []byte) (jws, kid string, err error)

func (f signerFunc) Reload(context.Context) error { return nil }

func (f signerFunc) Sign(typ string, payload []byte) (string, string, error) { return f(typ, payload) }

// freeIndex is a store whose first choices of an index are taken.
type freeIndex struct {
	attest.Store
	taken, times int64
}

func (f *freeIndex) FreeIndex(ctx context.Context) (list, index int64, err error) {
	if f.times--; f.times >= 0 {
		return 1, f.taken, nil
	}
	return f.Store.FreeIndex(ctx)
}

func TestIssueIndexTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, first := w.issued(t, marie, mailbox)
	claims, err := verify.Peek(first.Attestation)
	must(t, err)
	b := w.proven(t, karim, "karim@insee.fr")
	always := &freeIndex{Store: w.store, taken: claims.StatusIndex, times: 1000}
	_, err = w.with(func(c *attest.RequestsConfig) { c.Store = always }).Issue(t.Context(), b.ID, b.Token)
	if _, told := fault.Of(err); err == nil || told {
		t.Fatalf("%v", err)
	}
	if n := 1000 - always.times; n > 20 {
		t.Errorf("%d tries", n)
	}
	sometimes := &freeIndex{Store: w.store, taken: claims.StatusIndex, times: 3}
	a, err := w.with(func(c *attest.RequestsConfig) { c.Store = sometimes }).Issue(t.Context(), b.ID, b.Token)
	must(t, err)
	if c, err := verify.Peek(a.Attestation); err != nil || c.StatusIndex == claims.StatusIndex {
		t.Errorf("%+v, %v", c, err)
	}
}

// Two requests for one account: the second to end gets nothing.
func TestIssueAccountTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.proven(t, marie, mailbox), w.proven(t, marie, "autre@insee.fr")
	_, err := w.Issue(t.Context(), one.ID, one.Token)
	must(t, err)
	_, err = w.Issue(t.Context(), two.ID, two.Token)
	wantCode(t, err, "account_has_badge")
	if len(w.published(t)) != 1 || w.state(t, two) != attest.Proven {
		t.Error("the second was issued")
	}
}

// Who chose not to be listed is not named to whoever reads the mailbox by now.
func TestTheCodeMailNamesNobodyWhoIsNotListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	former, err := w.Begin(t.Context(), attest.Beginning{
		Handle: marie, Email: mailbox, Method: "oauth", Lang: "fr", Client: "192.0.2.1",
	})
	must(t, err)
	w.signsIn(t, former)
	_, err = w.ProveMailbox(t.Context(), former.ID, former.Token, w.code(t))
	must(t, err)
	_, err = w.Issue(t.Context(), former.ID, former.Token)
	must(t, err)
	b := w.begins(t, karim, mailbox)
	w.signsIn(t, b)
	for range 2 { // and when it is sent again
		m := w.newest(t, attest.MailCode)
		if m.Handle != karim || m.Replaces != "" || !m.ReplacesUnlisted {
			t.Errorf("%+v", m)
		}
		_, err = w.RenewCode(t.Context(), b.ID, b.Token, "192.0.2.1")
		must(t, err)
	}
}

// A mailbox moves to another account: its mail names the badge that the code
// replaces, and the old badge is revoked as the new one is issued.
func TestIssueReplaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, former := w.issued(t, marie, mailbox)
	b := w.begins(t, karim, "MARIE.DUPONT@culture.gouv.fr")
	w.signsIn(t, b)
	mails := w.mails(t)
	if m := mails[len(mails)-1]; m.Kind != attest.MailCode || m.Replaces != marie || m.ReplacesUnlisted || m.Handle != karim {
		t.Errorf("%+v", m)
	}
	_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, w.code(t))
	must(t, err)
	if p, err := w.badges.Published(t.Context(), former.BadgeID); err != nil || p.Badge.Status != verify.Valid {
		t.Errorf("before it is replaced: %+v, %v", p, err)
	}
	_, err = w.Issue(t.Context(), b.ID, b.Token)
	must(t, err)
	p, err := w.badges.Published(t.Context(), former.BadgeID)
	must(t, err)
	if p.Badge.Status != verify.Revoked || p.InForce(w.now()) {
		t.Errorf("%+v", p.Badge)
	}
	kinds := map[attest.MessageKind]int{}
	for _, m := range w.mails(t) {
		kinds[m.Kind]++
	}
	if kinds[attest.MailIssued] != 2 || kinds[attest.MailReplaced] != 1 {
		t.Errorf("%v", kinds)
	}
	w.begins(t, marie, "marie@insee.fr") // her account is free again
}

// An act that changes nothing is no error; what is revoked stays so.
func TestBadges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, a := w.issued(t, marie, mailbox)
	ctx := t.Context()
	act := attest.Act{BadgeID: a.BadgeID, By: "operator", Reason: attest.Other, Note: "seen"}
	for _, step := range []struct {
		name    string
		do      func(context.Context, attest.Act) (bool, error)
		changed bool
		status  verify.Status
	}{
		{"resume what is valid", w.badges.Resume, false, verify.Valid},
		{"suspend", w.badges.Suspend, true, verify.Suspended},
		{"suspend again", w.badges.Suspend, false, verify.Suspended},
		{"resume", w.badges.Resume, true, verify.Valid},
		{"revoke", w.badges.Revoke, true, verify.Revoked},
		{"revoke again", w.badges.Revoke, false, verify.Revoked},
	} {
		changed, err := step.do(ctx, act)
		if err != nil || changed != step.changed {
			t.Fatalf("%s: %v, %v", step.name, changed, err)
		}
		if p, err := w.badges.PublishedByHandle(ctx, marie); err != nil || p.Badge.Status != step.status {
			t.Fatalf("%s: %v, %v", step.name, p.Badge.Status, err)
		}
	}
	_, err := w.badges.Resume(ctx, act)
	wantCode(t, err, "badge_revoked")
	_, err = w.badges.Suspend(ctx, attest.Act{BadgeID: "000000000000", Reason: attest.Other})
	wantCode(t, err, "badge_not_found")
	_, err = w.badges.Suspend(ctx, attest.Act{BadgeID: a.BadgeID, Reason: "dislike"})
	wantCode(t, err, "reason_unknown")
	_, err = w.badges.Suspend(ctx, attest.Act{BadgeID: a.BadgeID, Reason: attest.Replaced})
	wantCode(t, err, "reason_unknown")
	_, err = w.badges.Suspend(ctx, attest.Act{BadgeID: a.BadgeID, Reason: attest.Other, Note: strings.Repeat("x", 1001)})
	wantCode(t, err, "note_too_long")
}

func TestBadgesFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.badges.PublishedByHandle(ctx, marie)
	wantCode(t, err, "attestation_not_found")
	_, err = w.badges.PublishedByHandle(ctx, "nonsense")
	wantCode(t, err, "handle_malformed")
	asked := asks(marie, mailbox)
	asked.Listed = false
	b, err := w.Begin(ctx, asked)
	must(t, err)
	w.signsIn(t, b)
	_, err = w.ProveMailbox(ctx, b.ID, b.Token, w.code(t))
	must(t, err)
	a, err := w.Issue(ctx, b.ID, b.Token)
	must(t, err)
	_, err = w.badges.PublishedByHandle(ctx, marie)
	wantCode(t, err, "attestation_not_found") // as if there were none
	_, err = w.badges.Published(ctx, a.BadgeID)
	must(t, err)
	h, err := acct.ParseHandle(marie)
	must(t, err)
	if all, err := w.badges.List(ctx, attest.BadgeFilter{Handle: h, Limit: 10}); err != nil || len(all) != 1 {
		t.Errorf("the operator finds %d, %v", len(all), err)
	}
}

// turning is a signer whose key another has replaced: it signs with the former one
// until it is told to look.
type turning struct {
	attest.Signer
	former  attest.Signer
	stays   int // looks that change nothing
	reloads int
	err     error
}

func (s *turning) Sign(typ string, payload []byte) (string, string, error) {
	if s.reloads > s.stays {
		return s.Signer.Sign(typ, payload)
	}
	return s.former.Sign(typ, payload)
}

func (s *turning) Reload(context.Context) error {
	s.reloads++
	return s.err
}

// bothKeys believes what two keys sign, or says that the second is revoked.
type bothKeys struct {
	attest.Checker
	issuer *verify.Issuer
}

func (b bothKeys) Verify(ctx context.Context, token string, a verify.Account) verify.Report {
	return verify.New(verify.Config{Source: source{b.issuer}, Now: func() time.Time { return began }}).Verify(ctx, token, a)
}

// A key that is retired or revoked while an attestation is made costs the agent nothing.
func TestIssueUnderAKeyThatChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now, former := w.config.Signer.(*signer), newSigner(t)
	both := []byte(`{"keys":[` + string(now.key.JWK) + `,` + string(former.key.JWK) + `]}`)
	retired, err := verify.NewIssuer(issuer, both)
	must(t, err)
	revoked, err := verify.NewIssuer(issuer, both, verify.RevokedKey{KeyID: former.key.KID})
	must(t, err)
	for n, c := range []struct {
		issuer  *verify.Issuer
		signer  *turning
		refused bool
	}{
		{issuer: retired, signer: &turning{}}, {issuer: revoked, signer: &turning{}}, {issuer: retired, signer: &turning{stays: 3}},
		{issuer: retired, signer: &turning{stays: 1000}, refused: true}, {issuer: revoked, signer: &turning{stays: 1000}, refused: true},
		{issuer: retired, signer: &turning{err: errors.New("away")}, refused: true},
	} {
		b := w.proven(t, fmt.Sprintf("@marie%d@social.example", n), fmt.Sprintf("marie%d@culture.gouv.fr", n))
		c.signer.Signer, c.signer.former = now, former
		changed := w.with(func(r *attest.RequestsConfig) { r.Signer, r.Checker = c.signer, bothKeys{issuer: c.issuer} })
		a, err := changed.Issue(t.Context(), b.ID, b.Token)
		switch {
		case c.refused:
			if err == nil || w.state(t, b) != attest.Proven || c.signer.reloads > 20 {
				t.Errorf("%d: %v, %s, %d looks", n, err, w.state(t, b), c.signer.reloads)
			}
		case err != nil || verify.ListKey(a.Attestation) != now.key.KID:
			t.Errorf("%d: %v, signed by %s", n, err, verify.ListKey(a.Attestation))
		}
	}
}
