package torture

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
	"time"
)

// checkAttestations: each has one event that says what it is, and each such event
// its attestation; each was issued to a request of its own, and what was acknowledged
// is what was issued.
func (c *checker) checkAttestations() {
	events := map[string][]storedEvent{}
	for _, e := range c.state.events {
		if e.Kind == "issued" {
			events[e.JTI] = append(events[e.JTI], e)
		}
	}
	requests := map[string]int{}
	for _, r := range c.state.requests {
		requests[r.JTI]++
	}
	hashes, badges := map[string][]byte{}, map[string]bool{}
	for _, a := range c.state.attestations {
		if got := events[a.JTI]; len(got) != 1 || !bytes.Equal(got[0].Hash, a.Hash) || got[0].At != a.At || got[0].BadgeID != a.BadgeID {
			c.journal.lose("attestation %s has these events: %+v", a.JTI, got)
		}
		delete(events, a.JTI)
		if n := requests[a.JTI]; n != 1 && !c.state.badges[a.BadgeID].Erased {
			c.journal.lose("attestation %s of badge %s was issued to %d requests", a.JTI, a.BadgeID, n)
		}
		hashes[a.JTI], badges[a.BadgeID] = a.Hash, true
	}
	for jti := range events {
		c.journal.lose("the issued attestation %s is not stored", jti)
	}
	for id, b := range c.state.badges {
		if !badges[id] || b.JTI != c.state.latest[id] {
			c.journal.lose("the latest attestation of badge %s is %q, and its row names %q", id, c.state.latest[id], b.JTI)
		}
	}
	for _, b := range c.journal.badges {
		for _, token := range b.tokens {
			hash := sha256.Sum256([]byte(strings.TrimSuffix(token, "~")))
			if !bytes.Equal(hashes[jtiOf(token)], hash[:]) {
				c.journal.lose("badge %s: the attestation %s was acknowledged, and is not stored", b.id, token)
			}
		}
	}
}

// checkStatuses: what the events say is what stands at the entry and at the badge;
// and of those that hold an account or a mailbox there is one each.
func (c *checker) checkStatuses() {
	for _, a := range c.state.attestations {
		if told := c.state.statuses[a.JTI]; c.state.entries[a.At] != told {
			c.journal.lose("attestation %s of badge %s: the events say %v, the index %v", a.JTI, a.BadgeID, told, c.state.entries[a.At])
		}
	}
	holder := map[string]string{}
	for id, b := range c.state.badges {
		status := c.statusOf(id)
		if b.Status != status {
			c.journal.lose("badge %s: the events say %v, the badge %v", id, status, b.Status)
		}
		if b.Holds != (status != revoked) {
			c.journal.lose("badge %s is %v, and holds: %v", id, status, b.Holds)
		}
		for _, held := range []string{"account " + b.Actor, "mailbox " + b.Mailbox} {
			if other := holder[held]; b.Holds && other != "" {
				c.journal.lose("badges %s and %s are both in force for one %.7s", id, other, held)
			}
			if b.Holds {
				holder[held] = id
			}
		}
	}
}

// checkRequests: none stands behind what was acknowledged, and no proof was
// accepted after the acknowledgement of another. Those about an erased badge are gone.
func (c *checker) checkRequests() {
	for _, r := range c.journal.requests {
		s, ok := c.state.requests[r.id]
		if gone := r.badge != nil && c.state.badges[r.badge.id].Erased; ok == gone {
			c.journal.lose("request %s is there: %v, its badge is erased: %v", r.id, ok, gone)
			continue
		} else if gone {
			continue
		}
		stage, err := stageOf(s.State)
		if err != nil {
			stage = begun // refused after wrong codes
		}
		last := slices.IndexFunc(r.reached[:], time.Time.IsZero)
		if last < 0 {
			last = len(r.reached)
		}
		if stage < last-1 {
			c.journal.lose("request %s is %s, and stage %d was acknowledged", r.id, s.State, last-1)
		}
		if s.Tries < r.wrong || s.Tries > 5 {
			c.journal.lose("request %s: %d tries are known, %d wrong ones were acknowledged", r.id, s.Tries, r.wrong)
		}
		if before(r.reached[accountProven], s.AccountAt) || before(r.reached[mailboxProven], s.MailboxAt) {
			c.journal.lose("request %s: a proof was accepted again after its acknowledgement", r.id)
		}
	}
}
