package torture

import (
	"slices"
	"strings"

	"cocarde.example/verify"
)

const revoked = verify.Revoked

// statusOf gives a badge's status as the events tell it of its latest attestation.
func (c *checker) statusOf(badgeID string) verify.Status {
	return c.state.statuses[c.state.latest[badgeID]]
}

// happening is what one transaction did to one badge.
type happening struct {
	kind, by, reason string
	time             int64
	jtis             []string
	erased           bool
}

// happenings gives what was done to a badge, in the order of the numbers.
func (c *checker) happenings(badgeID string) (all []happening) {
	for _, e := range c.state.events {
		if e.BadgeID != badgeID {
			continue
		}
		if last := len(all) - 1; last >= 0 && all[last].continues(e) {
			all[last].add(e)
			continue
		}
		h := happening{kind: e.Kind, by: e.By, reason: e.Reason, time: e.Time}
		h.add(e)
		all = append(all, h)
	}
	return all
}

func (h *happening) continues(e storedEvent) bool {
	return h.by == e.By && h.time == e.Time && h.reason == e.Reason && h.kind != "issued" && (h.kind == e.Kind || e.Kind == "erased")
}

func (h *happening) add(e storedEvent) {
	if e.Kind == "erased" {
		h.erased = true
	} else {
		h.jtis = append(h.jtis, e.JTI)
	}
}

// withKey says whether the attestations were taken back with the key that signed them.
func (h happening) withKey() bool { return h.reason == "key_compromised" }

// is says whether this is what came of an act.
func (h happening) is(a *act) bool {
	switch a.what {
	case renewed:
		return h.kind == "issued" && slices.Contains(h.jtis, a.jti)
	case erased:
		return h.erased
	case withdrawn:
		return h.by == a.by && h.reason == "agents_wish" && !h.erased
	case replaced:
		return h.by == a.by && h.reason == "replaced"
	}
	return h.by == a.by
}

// checkActs goes through the acts on each badge in the order in which they were
// begun, one after another, and finds for each what came of it, or nothing.
func (c *checker) checkActs() {
	kids := map[string]string{}
	for _, a := range c.state.attestations {
		kids[a.JTI] = a.KID
	}
	for _, b := range c.journal.badges {
		(&course{checker: c, badge: b, kids: kids, statuses: map[string]verify.Status{}, left: c.happenings(b.id)}).check()
	}
}

// course is what became of a badge, as far as it was gone through.
type course struct {
	*checker
	badge    *badge
	kids     map[string]string        // by jti
	statuses map[string]verify.Status // of its attestations so far
	latest   string                   // of these
	left     []happening
}

func (c *course) status() verify.Status { return c.statuses[c.latest] }

func (c *course) lose(format string, args ...any) {
	c.journal.lose("badge %s: "+format, append([]any{c.badge.id}, args...)...)
}

func (c *course) check() {
	if len(c.left) == 0 || c.left[0].kind != "issued" || c.left[0].jtis[0] != jtiOf(c.badge.tokens[0]) {
		c.lose("it did not begin with its first attestation: %+v", c.left)
		return
	}
	c.happens(nil)
	for _, a := range c.badge.acts {
		c.act(a)
	}
	for c.goesWithKey() {
		c.happens(nil)
	}
	if len(c.left) > 0 {
		c.lose("nobody caused this: %+v", c.left)
	}
}

// act finds what came of an act. Keys are revoked at any time between the acts.
func (c *course) act(a *act) {
	found := slices.IndexFunc(c.left, func(h happening) bool { return h.is(a) })
	for ; found > 0 && c.goesWithKey(); found-- {
		c.happens(nil)
	}
	status := c.status()
	goes := status == revoked || slices.ContainsFunc(c.left[:c.withKeyAhead()], func(h happening) bool { return slices.Contains(h.jtis, c.latest) })
	switch {
	case found > 0:
		c.lose("%+v was numbered after a later act: %+v", *a, c.left)
	case found < 0 && (a.outcome == changed || a.outcome == reached && !goes):
		c.lose("%+v was acknowledged, and did not happen", *a)
	case found == 0 && a.outcome > reached:
		c.lose("%+v was refused, and happened", *a)
	case a.outcome == unchanged && status != a.to && !(a.to == revoked && goes), a.outcome == refused && !goes,
		a.outcome == paused && status != verify.Suspended:
		c.lose("%+v was told that nothing changes, and it is %v", *a, status)
	}
	if found == 0 {
		c.happens(a)
	}
}

func (c *course) goesWithKey() bool { return len(c.left) > 0 && c.left[0].withKey() }

// withKeyAhead counts the happenings ahead that are of keys alone.
func (c *course) withKeyAhead() int {
	if n := slices.IndexFunc(c.left, func(h happening) bool { return !h.withKey() }); n >= 0 {
		return n
	}
	return len(c.left)
}

// happens goes through what is next. It is by an act, or else the first issuance or the
// revocation of a key.
func (c *course) happens(a *act) {
	h, latest := c.left[0], c.status()
	c.left = c.left[1:]
	if h.kind == "issued" {
		if a != nil && latest != verify.Valid {
			c.lose("it was renewed while it was %v", latest)
		}
		c.latest = h.jtis[0]
		c.statuses[c.latest] = verify.Valid
		return
	}
	to, _ := statusAfter(h.kind) // of one that was revoked before, an erasure tells no more
	if h.erased {
		to = revoked
	}
	for _, jti := range h.jtis {
		if s := c.statuses[jti]; s == to || s == revoked {
			c.lose("%+v made %s %v from %v", h, jti, to, s)
		}
		c.statuses[jti] = to
	}
	switch {
	case a != nil && to != a.to:
		c.lose("%+v made it %v", *a, to)
	case a != nil && len(h.jtis) == 0 && !h.erased:
		c.lose("%+v changed nothing", *a)
	case a == nil && !slices.Contains(h.jtis, c.latest):
		for _, jti := range h.jtis {
			if c.state.keys[c.kids[jti]] != "revoked" {
				c.lose("%s was taken back with a key that is not revoked", jti)
			}
		}
		return // the badge stays as it is, and so do the others under it
	case a == nil && c.state.keys[c.kids[c.latest]] != "revoked":
		c.lose("it was revoked with a key that is not")
	}
	for jti, s := range c.statuses {
		if s != to && s != revoked {
			c.lose("%+v left %s %v", h, jti, s)
		}
	}
}

// checkMails: whoever was given a badge was told so.
func (c *checker) checkMails() {
	for _, b := range c.journal.badges {
		told := c.state.badges[b.id].Erased // a mail that waited went too
		for _, m := range c.sandbox.Mailbox.Messages(b.mailbox) {
			told = told || strings.Contains(m.Text, origin+"/b/"+b.id)
		}
		if !told {
			c.journal.lose("badge %s: no mail tells of it", b.id)
		}
	}
}
