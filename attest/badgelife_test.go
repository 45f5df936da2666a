package attest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

// TestABadgesLife renews, takes back, withdraws and erases a badge in any order, while
// days pass. After each: what was revoked stays so, with every attestation under it;
// what was erased is not found; and a badge in force was proven within its validity.
func TestABadgesLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *attest.RequestsConfig) {
		const many = 1 << 30
		c.Limits = attest.Limits{many, many, many, many, many, many, many, many, many, many, many, many}
	})
	cases, renewals := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		cases++
		l := &life{w: w, ctx: t.Context(), handle: fmt.Sprintf("@life%d@social.example", cases)}
		_, first := w.issued(rt, l.handle, fmt.Sprintf("life.agent%d@insee.fr", cases))
		l.badge, l.provenAt = first.BadgeID, w.now()
		rt.Repeat(map[string]func(*rapid.T){
			"": l.check, "renew": l.renew, "begin to renew": l.begin, "end the renewal": l.end, "withdraw": l.withdraw, "erase": l.erase,
			"take back": l.takeBack, "wait": l.wait, "wait on": l.wait, "renew again": l.renew,
		})
		renewals += l.renewals
		for _, e := range w.outbox(rt) {
			must(rt, w.store.OutboxSent(l.ctx, e.ID))
		}
	})
	if t.Logf("%d cases renewed %d times", cases, renewals); renewals == 0 {
		t.Error("no case renewed anything")
	}
}

type life struct {
	w               *world
	ctx             context.Context
	handle, badge   string
	open            *attest.Begun // a renewal with both proofs
	provenAt        time.Time     // of the newest attestation
	revoked, erased bool
	renewals        int
}

func (l *life) begin(t *rapid.T) {
	b, err := l.w.BeginRenewal(l.ctx, attest.Renewing{BadgeID: l.badge, Method: "oauth", Client: "192.0.2.1"})
	if !tell(t, err) {
		return
	}
	l.w.signsIn(t, b)
	_, err = l.w.ProveMailbox(l.ctx, b.ID, b.Token, l.w.newest(t, attest.MailRenewalCode).Code)
	must(t, err)
	l.open = &b
}

func (l *life) end(t *rapid.T) {
	if l.open == nil {
		return
	}
	b := *l.open
	l.open = nil
	if _, err := l.w.Issue(l.ctx, b.ID, b.Token); tell(t, err) {
		if l.revoked || l.erased {
			t.Fatal("renewed what is gone")
		}
		l.renewals++
		l.provenAt = l.w.now()
	}
}

func (l *life) renew(t *rapid.T) {
	l.begin(t)
	l.end(t)
}

// opened gives the token of a request for access.
func (l *life) opened(t *rapid.T) (token string, ok bool) {
	b, err := l.w.BeginAccess(l.ctx, attest.Accessing{BadgeID: l.badge, Method: "oauth", Client: "192.0.2.1"})
	if fault.Code(err) == "badge_not_found" && l.erased {
		return "", false
	}
	must(t, err)
	l.w.signsIn(t, b)
	return b.Token, true
}

func (l *life) withdraw(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "seldom") > 0 {
		return
	}
	if token, ok := l.opened(t); ok && tell(t, l.w.WithdrawBadge(l.ctx, l.badge, token)) {
		l.revoked = true
	}
}

func (l *life) erase(t *rapid.T) {
	if rapid.IntRange(0, 5).Draw(t, "seldom") > 0 {
		return
	}
	if token, ok := l.opened(t); ok {
		must(t, l.w.EraseBadge(l.ctx, l.badge, token))
		l.erased = true
	}
}

func (l *life) takeBack(t *rapid.T) {
	to := rapid.SampledFrom([]verify.Status{verify.Suspended, verify.Valid, verify.Valid, verify.Revoked}).Draw(t, "to")
	_, err := l.w.store.ChangeStatus(l.ctx, attest.StatusChange{BadgeID: l.badge, To: to, At: l.w.now(), By: "operator", Reason: attest.Other})
	if err == nil && to == verify.Revoked {
		l.revoked = true
	}
}

func (l *life) wait(t *rapid.T) {
	l.w.pass(time.Duration(rapid.SampledFrom([]int{1, 12, 24 * 20, 24 * 90}).Draw(t, "hours")) * time.Hour)
}

func (l *life) check(t *rapid.T) {
	v, err := l.w.badges.State(l.ctx, l.badge)
	if l.erased {
		wantCode(t, err, "badge_not_found")
	} else {
		must(t, err)
		if l.revoked != (v.State == attest.BadgeRevoked) {
			t.Fatalf("revoked %v, and it is %s", l.revoked, v.State)
		}
		if v.State == attest.BadgeValid && l.w.now().Sub(l.provenAt) > attest.DefaultValidity {
			t.Fatalf("in force, and proven %v ago", l.w.now().Sub(l.provenAt))
		}
	}
	all, err := l.w.store.AttestationsUnder(l.ctx, l.badge)
	must(t, err)
	if len(all) != l.renewals+1 {
		t.Fatalf("%d attestations of %d renewals", len(all), l.renewals)
	}
	for _, a := range all {
		ended := !l.w.now().Before(a.Attestation.ExpiresAt)
		if (l.erased || l.revoked && !ended) && a.Status != verify.Revoked {
			t.Fatalf("%s is %v", a.Attestation.JTI, a.Status)
		}
	}
}
