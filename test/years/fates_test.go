package years

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/app"
	"cocarde.example/verify"
)

// fates are what becomes of an attestation: of the first ones in turn, then by chance.
func fates() []func(*agent, *statement) {
	return []func(*agent, *statement){
		(*agent).renewsInTime, (*agent).renewsEarly, (*agent).renewsLate, (*agent).comesTooLate, (*agent).asksAnew,
		(*agent).withdraws, (*agent).erases, (*agent).isRevoked, (*agent).isSuspendedAWhile, (*agent).isSuspendedAtReminders,
		(*agent).isSuspendedToTheEnd, (*agent).changesAccount, (*agent).leaves,
	}
}

// hire makes an agent, who gets a badge one of these days.
func (y *years) hire() {
	a := &agent{years: y, mailbox: fmt.Sprintf("marie%d.dupont@culture.gouv.fr", len(y.agents)+1)}
	a.newAccount()
	y.agents = append(y.agents, a)
	a.later(y.now().Add(y.within(hour, 20*day)), a.obtain)
}

// later plans what an agent does, unless something else comes between.
func (a *agent) later(at time.Time, do func()) {
	plan := a.plan
	a.years.plan = append(a.years.plan, act{at, do, func() bool { return a.plan != plan }})
}

// obtain gets a new badge.
func (a *agent) obtain() {
	a.t.Helper()
	former := a.badge
	token, id := a.getBadge()
	if former != nil && former.id == id {
		a.t.Fatalf("%v: the new badge has the former one's id, %s", a.now(), id)
	}
	if former != nil && former.inForce(a.now()) { // the same mailbox with another account
		a.set(former, verify.Revoked)
	}
	a.lives(a.give(a, token, id))
}

// renew goes on with the badge.
func (a *agent) renew() {
	a.t.Helper()
	method := byOAuth
	if a.chance.IntN(3) == 0 {
		method = byLink
	}
	token, id := a.renewBadge(method)
	if id != a.badge.id {
		a.t.Fatalf("%v: %s is renewed as %s", a.now(), a.badge.id, id)
	}
	a.happened[renewal]++
	a.lives(a.give(a, token, id))
}

// lives plans what becomes of a new attestation.
func (a *agent) lives(s *statement) {
	a.plan++
	all, n := fates(), len(a.statements)-1
	if n >= len(all) {
		n = a.chance.IntN(len(all))
	}
	all[n](a, s)
}

func (a *agent) renewsInTime(s *statement) { a.later(s.ends.Add(-a.within(2*day, 30*day)), a.renew) }
func (a *agent) renewsEarly(s *statement)  { a.later(s.issued.Add(a.within(10*day, 100*day)), a.renew) }
func (a *agent) renewsLate(s *statement)   { a.later(s.ends.Add(a.within(hour, 25*day)), a.renew) }
func (a *agent) asksAnew(s *statement)     { a.later(s.ends.Add(a.within(hour, 60*day)), a.obtain) }

// comesTooLate: the mailbox is not kept any more.
func (a *agent) comesTooLate(s *statement) {
	a.later(s.ends.Add(a.within((mailboxDays+1)*day, (mailboxDays+30)*day)), func() {
		a.refused(a.beginRenewal(byOAuth), "badge_not_renewable")
		a.obtain()
	})
}

// comesAgain gets a new badge, now that the former one is gone.
func (a *agent) comesAgain() {
	a.plan++
	a.later(a.now().Add(a.within(hour, 25*day)), a.obtain)
}

func (a *agent) withdraws(s *statement) {
	a.later(s.issued.Add(a.within(hour, 170*day)), func() {
		a.enter()
		a.wanted(a.call(http.MethodDelete, "/v1/attestations/"+a.badge.id, ""), http.StatusNoContent)
		a.set(a.badge, verify.Revoked)
		a.comesAgain()
	})
}

// erases what is kept, perhaps after the end.
func (a *agent) erases(s *statement) {
	a.later(s.issued.Add(a.within(hour, 250*day)), func() {
		a.enter()
		a.wanted(a.call(http.MethodDelete, "/v1/attestations/"+a.badge.id+"/record", ""), http.StatusNoContent)
		a.erase(a.badge)
		a.comesAgain()
	})
}

func (a *agent) isRevoked(s *statement) {
	a.later(s.issued.Add(a.within(hour, 170*day)), func() {
		a.takeBack(verify.Revoked)
		a.refused(a.beginRenewal(byOAuth), "badge_revoked")
		a.comesAgain()
	})
}

// isSuspended is resumed at a time, and then goes on in time.
func (a *agent) isSuspended(from, to time.Time, s *statement) {
	a.later(from, func() {
		a.takeBack(verify.Suspended)
		a.refused(a.beginRenewal(byOAuth), "badge_suspended")
	})
	a.later(to, func() {
		a.takeBack(verify.Valid)
		a.later(a.now().Add(a.within(hour, s.ends.Sub(to))), a.renew)
	})
}

func (a *agent) isSuspendedAWhile(s *statement) {
	from := s.issued.Add(a.within(hour, 100*day))
	a.isSuspended(from, from.Add(a.within(hour, 40*day)), s)
}

func (a *agent) isSuspendedAtReminders(s *statement) {
	a.isSuspended(s.ends.Add(-a.within(8*day, 35*day)), s.ends.Add(-a.within(4*day, 8*day)), s)
}

// isSuspendedToTheEnd: what has ended cannot be resumed.
func (a *agent) isSuspendedToTheEnd(s *statement) {
	a.later(s.issued.Add(a.within(hour, 170*day)), func() { a.takeBack(verify.Suspended) })
	a.later(s.ends.Add(a.within(hour, 20*day)), func() {
		a.takeBack(verify.Valid)
		a.obtain()
	})
}

// changesAccount: the new badge takes the place of the one that the mailbox has.
func (a *agent) changesAccount(s *statement) {
	a.later(s.issued.Add(a.within(hour, 170*day)), func() {
		a.newAccount()
		a.obtain()
	})
}

// leaves, and somebody else comes.
func (a *agent) leaves(*statement) { a.hire() }

// takeBack is what an operator does with a badge, or tries to.
func (a *agent) takeBack(to verify.Status) {
	a.t.Helper()
	b := a.badge
	a.desk(func(ctx context.Context, d *app.Desk) error {
		how := map[verify.Status]func(context.Context, attest.Act) (bool, error){
			verify.Valid: d.Badges.Resume, verify.Suspended: d.Badges.Suspend, verify.Revoked: d.Badges.Revoke,
		}[to]
		changed, err := how(ctx, attest.Act{BadgeID: b.id, By: "operator", Reason: attest.Other, Note: "by the plan"})
		if b.ended(a.now()) {
			return a.only("badge_ended", err)
		}
		if err == nil && !changed {
			err = fmt.Errorf("%s was %v already", b.id, to)
		}
		a.set(b, to)
		return err
	})
}
