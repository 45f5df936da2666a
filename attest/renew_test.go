package attest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

const days = 24 * time.Hour

func (w *world) renews(t tb, badge string) attest.Begun {
	t.Helper()
	b, err := w.BeginRenewal(t.Context(), attest.Renewing{BadgeID: badge, Method: "oauth", Client: "192.0.2.1"})
	must(t, err)
	return b
}

// newest is the newest mail of a kind.
func (w *world) newest(t tb, kind attest.MessageKind) attest.Message {
	t.Helper()
	all := w.mails(t)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Kind == kind {
			return all[i]
		}
	}
	t.Fatalf("no mail %s among %d", kind, len(all))
	return attest.Message{}
}

func (w *world) renewed(t tb, badge string) (attest.Begun, attest.IssuedAnswer) {
	t.Helper()
	b := w.renews(t, badge)
	w.signsIn(t, b)
	_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, w.newest(t, attest.MailRenewalCode).Code)
	must(t, err)
	a, err := w.Issue(t.Context(), b.ID, b.Token)
	must(t, err)
	return b, a
}

func (w *world) accesses(t tb, a attest.Accessing) attest.Begun {
	t.Helper()
	a.Client = "192.0.2.1"
	b, err := w.BeginAccess(t.Context(), a)
	must(t, err)
	return b
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, first := w.issued(t, marie, mailbox)
	w.pass(170 * days)
	b, second := w.renewed(t, first.BadgeID)
	if b.Lang != "fr" { // as the badge's mails were
		t.Errorf("mails are in %s", b.Lang)
	}
	again, err := w.Issue(t.Context(), b.ID, b.Token)
	must(t, err)
	if again != second || second.BadgeID != first.BadgeID || second.Attestation == first.Attestation {
		t.Errorf("renewed %+v as %+v", first, second)
	}
	m := w.newest(t, attest.MailRenewalCode)
	if m.Handle != "" || m.Instance != "" || m.BadgeURL != "" || m.Replaces != "" || strings.Contains(m.StopURL, first.BadgeID) {
		t.Errorf("the code's mail names who the badge is of: %+v", m)
	}
	if told := w.newest(t, attest.MailIssued); told.Handle == "" { // the mailbox is proven by now
		t.Errorf("the notice does not say what was attested: %+v", told)
	}
	all := w.published(t)
	if len(all) != 1 || !all[0].Attestation.ExpiresAt.After(w.now().Add(179*days)) {
		t.Errorf("published: %+v", all)
	}
	// A third one leaves the second without its answer.
	w.renewed(t, first.BadgeID)
	_, err = w.Issue(t.Context(), b.ID, b.Token)
	wantCode(t, err, "attestation_superseded")
}

// TestRenewalLooksAgain: what would refuse a first request refuses a renewal, and
// tells nothing of the mailbox.
func TestRenewalLooksAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, first := w.issued(t, marie, "marie.dupont@dreal.gouv.fr")
	renew := func() error {
		_, err := w.BeginRenewal(t.Context(), attest.Renewing{BadgeID: first.BadgeID, Method: "oauth", Client: "192.0.2.1"})
		return err
	}
	w.mx.err = fault.New(fault.Invalid, "mx_missing", "dreal.gouv.fr has no MX.")
	err := renew()
	wantCode(t, err, "badge_not_renewable")
	if f, _ := fault.Of(err); strings.Contains(f.Message, "dreal") || f.Field != "" {
		t.Errorf("the refusal tells %+v", f)
	}
	w.mx.err = fault.New(fault.Upstream, "dns_unavailable", "The name server does not answer.")
	wantCode(t, renew(), "not_ready")
	w.mx.err = nil
	for name, c := range map[string]attest.Renewing{
		"badge_not_found":           {BadgeID: "nobody000000", Method: "oauth"},
		"account_proof_unsupported": {BadgeID: first.BadgeID, Method: "code"},
		"language_unsupported":      {BadgeID: first.BadgeID, Method: "oauth", Lang: "tlh"},
	} {
		_, err := w.BeginRenewal(t.Context(), c)
		wantCode(t, err, name)
	}
	must(t, renew())
	w.pass(180*days + 366*days)
	_, err = w.store.Purge(t.Context(), w.now(), 365*days)
	must(t, err)
	wantCode(t, renew(), "badge_not_renewable") // the mailbox is not kept
}

// TestAccessDoesNotTellWhetherTheMailboxIsKept: the answer is the same, and no mail
// goes out.
func TestAccessDoesNotTellWhetherTheMailboxIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, kept := w.issued(t, marie, mailbox)
	before := w.accesses(t, attest.Accessing{BadgeID: kept.BadgeID, ByMailbox: true, Method: "code"})
	m := w.newest(t, attest.MailAccessCode)
	if m.Handle != "" || m.BadgeURL != "" || m.Code == "" {
		t.Errorf("the mail is %+v", m)
	}
	w.pass(600 * days)
	_, err := w.store.Purge(t.Context(), w.now(), 365*days)
	must(t, err)
	mails := len(w.mails(t))
	after := w.accesses(t, attest.Accessing{BadgeID: kept.BadgeID, ByMailbox: true, Method: "code"})
	if len(w.mails(t)) != mails || after.State != before.State || (after.Code == nil) != (before.Code == nil) || after.MailError != before.MailError {
		t.Errorf("the answers differ: %+v and %+v", before.View, after.View)
	}
	_, err = w.ProveMailbox(t.Context(), after.ID, after.Token, "12345678")
	wantCode(t, err, "code_wrong")
}

func TestAccessIsForOneProofAndOneBadge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, mine := w.issued(t, marie, mailbox)
	_, other := w.issued(t, karim, "karim@insee.fr")
	for _, c := range []struct {
		code string
		a    attest.Accessing
	}{
		{"account_proof_unsupported", attest.Accessing{Method: "code"}}, {"account_proof_unsupported", attest.Accessing{Method: ""}},
		{"mailbox_proof_unsupported", attest.Accessing{ByMailbox: true, Method: "oauth"}},
	} {
		c.a.BadgeID = mine.BadgeID
		_, err := w.BeginAccess(t.Context(), c.a)
		wantCode(t, err, c.code)
	}
	b := w.accesses(t, attest.Accessing{BadgeID: mine.BadgeID, Method: "oauth"})
	_, err := w.Kept(t.Context(), mine.BadgeID, b.Token)
	wantCode(t, err, "token_wrong")
	w.signsIn(t, b)
	_, err = w.Kept(t.Context(), mine.BadgeID, b.Token)
	must(t, err)
	_, err = w.Kept(t.Context(), other.BadgeID, b.Token)
	wantCode(t, err, "token_wrong")
	wantCode(t, w.WithdrawBadge(t.Context(), other.BadgeID, b.Token), "token_wrong")
	wantCode(t, w.EraseBadge(t.Context(), other.BadgeID, b.Token), "token_wrong")
	_, err = w.Issue(t.Context(), b.ID, b.Token)
	wantCode(t, err, "request_out_of_turn")
	w.pass(time.Hour)
	_, err = w.Kept(t.Context(), mine.BadgeID, b.Token)
	wantCode(t, err, "token_wrong")
}

// before is a store that issues as it was done before badges had keys.
type before struct {
	attest.Store
	vault attest.Vault
}

func (b before) Issue(ctx context.Context, i attest.Issuance) error {
	i.Badge.OwnKey, i.Badge.Mailbox = nil, b.vault.Seal("mailbox", []byte(mailbox))
	return b.Store.Issue(ctx, i)
}

// TestABadgeOlderThanItsKey: its mailbox and notes are sealed under everybody's key,
// open still, and go under its own when something is written.
func TestABadgeOlderThanItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *attest.RequestsConfig) { c.Store = before{c.Store, c.Vault} })
	_, first := w.issued(t, marie, mailbox)
	act := attest.Act{BadgeID: first.BadgeID, By: "operator", Reason: attest.Other, Note: "the second note"}
	old := attest.StatusChange{BadgeID: first.BadgeID, To: verify.Suspended, At: w.now(), By: "operator", Note: w.vault.Seal("note", []byte("the first note"))}
	_, err := w.store.ChangeStatus(t.Context(), old)
	must(t, err)
	_, err = w.badges.Resume(t.Context(), act)
	must(t, err)
	p, err := w.badges.Published(t.Context(), first.BadgeID)
	must(t, err)
	if len(p.Badge.OwnKey) == 0 {
		t.Fatal("the badge got no key")
	}
	if _, err := w.vault.Open("mailbox", p.Badge.Mailbox); err == nil {
		t.Error("its mailbox is sealed under everybody's key still")
	}
	b, _ := w.renewed(t, first.BadgeID)
	kept, err := w.Kept(t.Context(), first.BadgeID, b.Token)
	must(t, err)
	if kept.Mailbox != mailbox || len(kept.Acts) != 2 || kept.Acts[0].Note != "the first note" || kept.Acts[1].Note != "the second note" {
		t.Errorf("kept: %+v", kept)
	}
	must(t, w.EraseBadge(t.Context(), first.BadgeID, b.Token))
	_, err = w.badges.Published(t.Context(), first.BadgeID)
	wantCode(t, err, "badge_not_found")
	_, err = w.badges.Suspend(t.Context(), act)
	wantCode(t, err, "badge_not_found")
	_, err = w.badges.State(t.Context(), first.BadgeID)
	wantCode(t, err, "badge_not_found")
}
