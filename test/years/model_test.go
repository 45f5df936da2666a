package years

import (
	"time"

	"cocarde.example/verify"
)

// badge is one that was given out, and what was done with it.
type badge struct {
	id     string
	holder *agent
	given  []*statement // the latest last
	status verify.Status
	erased bool

	changed   time.Time // when anything was done with it
	reminded  int       // how often of the end of the latest
	quiet     time.Time // since when nothing keeps its agent from being reminded
	keyMails  int       // that tell of a revoked key: expected,
	keyMailed int       // and come
}

// statement is one attestation, as it was given out.
type statement struct {
	public, jti, kid, uri string
	handle                string
	index                 int64
	issued, ends          time.Time
	badge                 *badge
	listed                verify.Status
	was                   []verdict
}

// verdict is what a check must say, from a time on.
type verdict struct {
	code  verify.Code
	since time.Time
}

func (b *badge) latest() *statement { return b.given[len(b.given)-1] }

func (b *badge) ended(now time.Time) bool { return !now.Before(b.latest().ends) }

// inForce says whether the badge vouches for anything.
func (b *badge) inForce(now time.Time) bool { return b.status == verify.Valid && !b.ended(now) }

// give notes what an agent was given.
func (y *years) give(a *agent, token, id string) *statement {
	y.t.Helper()
	y.readMails()
	claims, err := verify.Peek(token)
	must(y.t, err)
	s := &statement{
		public: token, jti: claims.ID, kid: verify.ListKey(token), uri: claims.StatusURI, index: claims.StatusIndex,
		handle: a.account.Handle(), issued: time.Unix(claims.IssuedAt, 0), ends: time.Unix(claims.ExpiresAt, 0),
	}
	p := place{s.uri, s.index}
	if y.taken[p] {
		y.t.Fatalf("%v: the index %v was given out twice", y.now(), p)
	}
	y.taken[p] = true
	if s.ends.Sub(s.issued) != 180*day || y.now().Sub(s.issued) > hour+time.Minute || claims.Subject != a.account.ActorID() {
		y.t.Fatalf("%v: given out: %+v", y.now(), claims)
	}
	if a.badge == nil || a.badge.id != id {
		a.badge = &badge{id: id, holder: a}
		y.badges = append(y.badges, a.badge)
	}
	b := a.badge
	s.badge, b.given = b, append(b.given, s)
	b.changed, b.quiet, b.reminded = y.now(), y.now(), 0
	y.statements = append(y.statements, s)
	y.keys.signed(s.kid, s.ends)
	return s
}

type place struct {
	uri   string
	index int64
}

// set changes a badge, and whatever of it has not ended.
func (y *years) set(b *badge, to verify.Status) {
	y.readMails()
	now := y.now()
	b.status, b.changed, b.quiet = to, now, now
	for _, s := range b.given {
		if now.Before(s.ends) && s.listed != verify.Revoked {
			s.listed = to
		}
	}
}

// erase revokes what has ended too.
func (y *years) erase(b *badge) {
	y.set(b, verify.Revoked)
	b.erased = true
	y.happened[erasure]++
	for _, s := range b.given {
		s.listed = verify.Revoked
	}
}

// revokeKey takes back what a key has signed, and gives the badges that end thereby.
func (y *years) revokeKey(kid string) (lost []*badge) {
	now := y.now()
	for _, s := range y.statements {
		if s.kid != kid || !now.Before(s.ends) {
			continue
		}
		if b := s.badge; s == b.latest() && b.status != verify.Revoked {
			y.set(b, verify.Revoked)
			b.keyMails++
			lost = append(lost, b)
		}
		s.listed = verify.Revoked
	}
	return lost
}

// mustBe is what whoever checks a statement must be told.
func (y *years) mustBe(s *statement) verify.Code {
	k := y.keys.all[s.kid]
	switch {
	case !k.revoked.IsZero():
		return verify.KeyRevoked
	case k.gone:
		return verify.KeyNotFound
	case !y.now().Before(s.ends):
		return verify.Expired
	}
	return codeOf(s.listed)
}

func codeOf(s verify.Status) verify.Code {
	if s == verify.Valid {
		return ""
	}
	return verify.Code(s.String())
}

// remember notes what has become of each statement.
func (y *years) remember() {
	for _, s := range y.statements {
		code := y.mustBe(s)
		if n := len(s.was); n == 0 || s.was[n-1].code != code {
			s.was = append(s.was, verdict{code, y.now()})
			y.happened[string(code)]++
		}
	}
}

// How old what somebody keeps may be: keys for the max-age of the JWKS, a list for
// its ttl.
const (
	keysKept = hour
	listKept = 5 * time.Minute
)

// mayBe says whether somebody who keeps keys and lists may be told this.
func (y *years) mayBe(s *statement, code verify.Code) bool {
	if code == y.mustBe(s) {
		return true
	}
	for n := len(s.was) - 1; n > 0; n-- {
		now, former := s.was[n], s.was[n-1]
		kept := listKept
		if now.code == verify.KeyRevoked || now.code == verify.KeyNotFound {
			kept = keysKept
		}
		if y.now().Sub(now.since) > kept {
			return false
		}
		// What a revoked key signed is revoked, as a fresh list says under the new key.
		if former.code == code || now.code == verify.KeyRevoked && code == verify.StatusRevoked {
			return true
		}
	}
	return false
}
