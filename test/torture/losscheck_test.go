package torture

import (
	"context"
	"database/sql"
	"net/http"

	"cocarde.example/verify"
)

// remains are what others have seen of a database, or could have.
type remains struct {
	events  []numbered
	entries map[place]verify.Status
	owners  map[place]string // jti
	keys    map[string]bool  // those whose revocation was numbered
	erased  map[string]bool  // badges whose erasure was
}

func look(ctx context.Context, g ground) (r remains, err error) {
	db, err := g.open(false)
	if err != nil {
		return r, err
	}
	defer db.Close()
	s := state{requests: map[string]storedRequest{}, badges: map[string]storedBadge{}, entries: map[place]verify.Status{}}
	if err := s.loadEntries(ctx, db); err != nil {
		return r, err
	}
	r.entries, r.owners = s.entries, map[place]string{}
	all, err := s.loadAttestations(ctx, db)
	for _, a := range all {
		r.owners[a.At] = a.JTI
	}
	if err != nil {
		return r, err
	}
	if r.events, err = numberedAfter(ctx, db, 0); err != nil {
		return r, err
	}
	if r.keys, err = names(ctx, db, `SELECT kid FROM events WHERE kind = 'key_revoked' AND seq IS NOT NULL`); err != nil {
		return r, err
	}
	r.erased, err = names(ctx, db, `SELECT badge_id FROM events WHERE kind = 'erased' AND seq IS NOT NULL`)
	return r, err
}

// names reads one name of each row.
func names(ctx context.Context, db *sql.DB, query string) (map[string]bool, error) {
	all := map[string]bool{}
	_, err := list(ctx, db, func(row *sql.Rows) (name string, err error) {
		err = row.Scan(&name)
		all[name] = true
		return name, err
	}, query)
	return all, err
}

// published gives the status of an attestation as the numbered events tell it.
func (r remains) published(jti string) (status verify.Status) {
	for _, e := range r.events {
		if e.JTI == jti {
			status, _ = statusAfter(e.Kind)
		}
	}
	return status
}

// compare notes what is forgotten.
func (l *loss) compare(after remains) {
	for n, e := range l.before.events {
		if n >= len(after.events) {
			l.journal.lose("event %d was published, and is forgotten: %+v", n+1, e)
			continue
		}
		got := after.events[n]
		if got.By == "record" { // who acted is told to nobody
			e.By = got.By
		}
		if got != e {
			l.journal.lose("event %d was %+v, and is %+v", n+1, e, got)
		}
	}
	for at, was := range l.before.entries {
		status, taken := after.entries[at]
		jti, owned := after.owners[at]
		switch published := l.before.published(jti); {
		case !taken:
			l.journal.lose("the index %v was given out, and is free", at)
		case !owned && status != revoked:
			l.journal.lose("the index %v lost its attestation, and is %v", at, status)
		case owned && (jti != l.before.owners[at] || status != published && status != was):
			l.journal.lose("the index %v of %s was %v, published as %v, and is %v", at, jti, was, published, status)
		}
	}
}

// stillErased looks for what the backup has brought back of those who were erased
// since; their numbered events say who these are.
func (l *loss) stillErased(ctx context.Context) error {
	var gone []*badge
	for _, b := range l.journal.all() {
		if l.before.erased[b.id] {
			gone = append(gone, b)
		}
	}
	db, err := l.ground.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	again, err := l.forgotten(ctx, db, gone)
	if err == nil && again == 0 {
		l.journal.lose("of %d badges that were erased none was in the backup: nothing was tried", len(gone))
	}
	return err
}

// goOn starts servers on what was restored, and lets an agent go the whole way.
func (l *loss) goOn(ctx context.Context, seed uint64) error {
	if err := l.startAll(ctx); err != nil {
		return err
	}
	a, err := l.newAgent(newDice(seed, "last"))
	if err != nil {
		return err
	}
	a.former, a.mailbox = nil, "last."+a.mailbox
	if err := a.attested(ctx); err != nil {
		return err
	}
	if err := l.checkAfter(ctx); err != nil {
		return err
	}
	end, err := look(ctx, l.ground)
	if err != nil {
		return err
	}
	for at, jti := range end.owners {
		if was, given := l.before.entries[at]; given && l.before.owners[at] != jti {
			l.journal.lose("the index %v, which was given out and is %v, is given to %s too", at, was, jti)
		}
	}
	return nil
}

// checkAfter: the servers end what was left of the keys, and what was erased is found
// no more.
func (l *loss) checkAfter(ctx context.Context) (err error) {
	c := &checker{world: l.world}
	if c.db, err = l.ground.open(false); err != nil {
		return err
	}
	defer c.db.Close()
	if err := c.eventually(ctx, c.atRest); err != nil {
		return err
	}
	if c.state, err = load(ctx, c.db); err != nil {
		return err
	}
	c.checkNumbers()
	c.checkOneSigns()
	c.checkSigned()
	if err := c.eventually(ctx, c.published); err != nil {
		return err
	}
	for kid := range l.before.keys {
		if s := c.state.keys[kid]; s != "revoked" {
			l.journal.lose("the key %s was revoked, and is %q", kid, s)
		}
	}
	for id := range l.before.erased {
		got, err := l.send(ctx, http.MethodGet, "/v1/attestations/"+id, "")
		if err != nil {
			return err
		}
		if code(refusal(got)) != "badge_not_found" {
			l.journal.lose("badge %s is erased, and found: %d %s", id, got.status, got.body)
		}
	}
	return nil
}
