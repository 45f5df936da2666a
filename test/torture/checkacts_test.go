package torture

import (
	"slices"
	"strings"

	"cocarde.example/verify"
)

const revoked = verify.Revoked

// statusOf gives a badge's status as its events tell it.
func (c *checker) statusOf(badgeID string) (status verify.Status) {
	for _, e := range c.state.events {
		if e.BadgeID == badgeID {
			status, _ = statusAfter(e.Kind)
		}
	}
	return status
}

// checkActs goes through the acts on each badge in the order in which they were
// begun, one after another, and finds for each its event, or none.
func (c *checker) checkActs() {
	for _, b := range c.journal.badges {
		var events []storedEvent
		for _, e := range c.state.events {
			if e.BadgeID == b.id && e.Kind != "issued" {
				events = append(events, e)
			}
		}
		c.checkActsOn(b, events)
	}
}

func (c *checker) checkActsOn(b *badge, events []storedEvent) {
	status := verify.Valid
	for _, a := range b.acts {
		found := slices.IndexFunc(events, func(e storedEvent) bool { return e.By == a.id })
		if found > 0 {
			c.journal.lose("badge %s: %s was numbered after a later act: %+v", b.id, a.id, events)
			return
		}
		happened := found == 0
		if happened != (a.outcome == changed) && a.outcome != unknown {
			c.journal.lose("badge %s: %s was acknowledged as %d, and has an event: %v", b.id, a.id, a.outcome, happened)
		}
		switch {
		case happened && (status == a.to || status == revoked):
			c.journal.lose("badge %s: %s made it %v from %v", b.id, a.id, a.to, status)
		case a.outcome == unchanged && status != a.to, a.outcome == refused && status != revoked:
			c.journal.lose("badge %s: %s was told that nothing changed, from %v to %v", b.id, a.id, status, a.to)
		}
		if !happened {
			continue
		}
		if to, _ := statusAfter(events[0].Kind); to != a.to {
			c.journal.lose("badge %s: the event of %s says %v, not %v", b.id, a.id, to, a.to)
		}
		status, events = a.to, events[1:]
	}
	if len(events) > 0 {
		c.journal.lose("badge %s has events that nobody caused: %+v", b.id, events)
	}
}

// checkMails: whoever was given a badge was told so.
func (c *checker) checkMails() {
	for _, b := range c.journal.badges {
		told := false
		for _, m := range c.sandbox.Mailbox.Messages(b.mailbox) {
			told = told || strings.Contains(m.Text, origin+"/b/"+b.id)
		}
		if !told {
			c.journal.lose("badge %s: no mail tells of it", b.id)
		}
	}
}
