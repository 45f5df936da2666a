package torture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// checker holds the journal against what is left.
type checker struct {
	*world
	db    *sql.DB
	seen  []numbered // by the follower
	state state
}

// check notes every loss that it finds. Its error is that it could not look.
func (c *checker) check(ctx context.Context) (err error) {
	if c.db, err = c.ground.open(false); err != nil {
		return err
	}
	defer c.db.Close()
	if err := c.eventually(ctx, c.atRest); err != nil {
		return err
	}
	if c.state, err = load(ctx, c.db); err != nil {
		return err
	}
	c.checkIssuer(ctx)
	c.checkNumbers()
	c.checkIndices()
	c.checkAttestations()
	c.checkStatuses()
	c.checkRequests()
	c.checkActs()
	c.checkMails()
	if err := c.eventually(ctx, c.published); err != nil {
		return err
	}
	return c.checkSurface(ctx)
}

// eventually waits for what must come about once nobody is killed any more.
func (c *checker) eventually(ctx context.Context, f func(context.Context) error) error {
	deadline := time.Now().Add(patience)
	for {
		err := f(ctx)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			c.journal.lose("not within %v: %v", patience, err)
			return nil
		}
		if err := wait(ctx, 5*pause); err != nil {
			return err
		}
	}
}

// atRest is nil once the periodic work has nothing left to do.
func (c *checker) atRest(ctx context.Context) error {
	for what, query := range map[string]string{
		"events have no number":         `SELECT count(*) FROM events WHERE public AND seq IS NULL`,
		"entries wait in the outbox":    `SELECT count(*) FROM outbox`,
		"lists have miscounted entries": `SELECT count(*) FROM status_lists l WHERE taken <> (SELECT count(*) FROM status_entries e WHERE e.list = l.number)`,
		"lists are full, and none is new": `SELECT count(*) FROM status_lists l WHERE taken * 5 >= size * 4
			AND number = (SELECT max(number) FROM status_lists)`,
	} {
		var n int
		if err := c.db.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%d %s", n, what)
		}
	}
	return nil
}

// checkIssuer: one issuer was founded, whole.
func (c *checker) checkIssuer(ctx context.Context) {
	for query, want := range map[string]int{
		`SELECT count(*) FROM meta`:      1,
		`SELECT count(*) FROM data_keys`: 5,
		`SELECT (SELECT count(*) FROM signing_keys) - (SELECT count(*) FROM events WHERE kind = 'key_announced')`: 0,
	} {
		var n int
		if err := c.db.QueryRowContext(ctx, query).Scan(&n); err != nil || n != want {
			c.journal.lose("%s: %d, want %d (%v)", query, n, want, err)
		}
	}
}

// checkNumbers: events are numbered 1 to n, and nobody who followed them has seen
// anything else than what stands.
func (c *checker) checkNumbers() {
	for i, e := range c.state.events {
		if e.Seq != int64(i+1) {
			c.journal.lose("event %d stands in place %d", e.Seq, i+1)
			return
		}
	}
	for i, e := range c.seen {
		if i >= len(c.state.events) || c.state.events[i].numbered != e {
			c.journal.lose("a follower saw another event %d: %+v", i+1, e)
			return
		}
	}
}

// checkIndices: each belongs to one attestation, lies in its list, and is taken.
func (c *checker) checkIndices() {
	owner := map[place]string{}
	size := map[int64]int64{}
	for _, l := range c.state.lists {
		size[l.Number] = l.Size
	}
	for _, a := range c.state.attestations {
		if other, shared := owner[a.At]; shared {
			c.journal.lose("%s and %s share the index %v", other, a.JTI, a.At)
		}
		owner[a.At] = a.JTI
		if a.At.Index < 0 || a.At.Index >= size[a.At.List] {
			c.journal.lose("%s has the index %v, which no list has", a.JTI, a.At)
		}
	}
	for at := range c.state.entries {
		if owner[at] == "" {
			c.journal.lose("the index %v is taken by nobody", at)
		}
		delete(owner, at)
	}
	for at, jti := range owner {
		c.journal.lose("the index %v of %s is not taken", at, jti)
	}
}

// checkAttestations: each has one event that says what it is, and each such event
// its attestation.
func (c *checker) checkAttestations() {
	events := map[string][]storedEvent{}
	for _, e := range c.state.events {
		if e.Kind == "issued" {
			events[e.JTI] = append(events[e.JTI], e)
		}
	}
	ofBadge := map[string]int{}
	for _, a := range c.state.attestations {
		hash := sha256.Sum256([]byte(strings.TrimSuffix(a.Token, "~")))
		if got := events[a.JTI]; len(got) != 1 || !bytes.Equal(got[0].Hash, hash[:]) || !bytes.Equal(a.Hash, hash[:]) ||
			got[0].At != a.At || got[0].BadgeID != a.BadgeID {
			c.journal.lose("attestation %s has these events: %+v", a.JTI, got)
		}
		delete(events, a.JTI)
		if ofBadge[a.BadgeID]++; ofBadge[a.BadgeID] > 1 || c.state.badges[a.BadgeID].JTI != a.JTI {
			c.journal.lose("badge %s: one request issued more than once", a.BadgeID)
		}
	}
	for jti := range events {
		c.journal.lose("the issued attestation %s is not stored", jti)
	}
	if len(ofBadge) != len(c.state.badges) {
		c.journal.lose("%d badges, %d of them with attestations", len(c.state.badges), len(ofBadge))
	}
}

// checkStatuses: what the events say is what stands at the entry and at the badge;
// and of those that hold an account or a mailbox there is one each.
func (c *checker) checkStatuses() {
	holder := map[string]string{}
	for id, b := range c.state.badges {
		status := c.statusOf(id)
		for _, a := range c.state.attestations {
			if a.BadgeID == id && c.state.entries[a.At] != status {
				c.journal.lose("badge %s: the events say %v, the index %v", id, status, c.state.entries[a.At])
			}
		}
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
// accepted after the acknowledgement of another.
func (c *checker) checkRequests() {
	for _, r := range c.journal.requests {
		s, ok := c.state.requests[r.id]
		if !ok {
			c.journal.lose("request %s is gone", r.id)
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
