package torture

import (
	"context"
	"database/sql"
	"fmt"
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
	c.checkKeys()
	c.checkNumbers()
	c.checkIndices()
	c.checkAttestations()
	c.checkStatuses()
	c.checkRequests()
	c.checkActs()
	c.checkMails()
	if err := c.checkErased(ctx); err != nil {
		return err
	}
	if err := c.checkMailboxes(ctx); err != nil {
		return err
	}
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
		"events have no number":                              `SELECT count(*) FROM events WHERE public AND seq IS NULL`,
		"entries wait in the outbox":                         `SELECT count(*) FROM outbox`,
		"lists have miscounted entries":                      `SELECT count(*) FROM status_lists l WHERE taken <> (SELECT count(*) FROM status_entries e WHERE e.list = l.number)`,
		"revoked keys have signatures that nobody took back": `SELECT count(*) FROM signing_keys WHERE state = 'revoked' AND NOT taken_back`,
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
		`SELECT (SELECT count(*) FROM signing_keys) - (SELECT count(DISTINCT kid) FROM events WHERE kid <> '')`: 0,
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
