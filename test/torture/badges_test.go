package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"cocarde.example/internal/sandbox"
	"cocarde.example/verify"
)

// badge is one whose attestation was acknowledged.
type badge struct {
	id       string
	tokens   []string // of all attestations that were acknowledged, the latest last
	account  *sandbox.Account
	password string
	mailbox  string
	acts     []*act // in the order in which they were begun
	taken    bool   // somebody is at it
	spent    bool   // it may be revoked: nobody takes it again
}

func (b *badge) handle() string { return b.account.Handle() }
func (b *badge) token() string  { return b.tokens[len(b.tokens)-1] }

// act is one try to change a badge's status, or to renew it.
type act struct {
	what    string // a deed, or what an auditor or a successor does
	by      string // who did it, in the event
	to      verify.Status
	jti     string // of the attestation that was issued, once it is known
	outcome outcome
}

// What is acted out on badges beside the deeds that are counted by name.
const (
	audited  = "audited"
	replaced = "replaced"
)

// The deeds: what agents do with their badges later, and operators with the keys.
const (
	renewed   = "renewed"
	seen      = "seen"
	withdrawn = "withdrawn"
	erased    = "erased"
	rotated   = "rotated"
	recalled  = "revoked"         // a key
	left      = "left to servers" // the revocation of a key that was begun
	resealed  = "resealed"
)

var deeds = []string{renewed, seen, withdrawn, erased, rotated, recalled, left, resealed}

type outcome int

// The outcomes of an act. An act whose outcome is unknown may have happened.
const (
	unknown   outcome = iota
	changed           // by this act
	reached           // by this act, unless the badge was revoked already
	unchanged         // the badge had that status
	refused           // the badge was revoked
	paused            // the badge was suspended
)

// did counts a deed that was acknowledged.
func (j *journal) did(deed string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.deeds[deed]++
}

// answered notes the answer of an issuance: of a new badge, which its agent is at, or
// of a renewal.
func (j *journal) answered(r *request, answer, token string, b *badge, a *act) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.reached[issued], r.answer, r.issued, r.badge = time.Now(), answer, token, b
	if b.tokens = append(b.tokens, token); len(b.tokens) == 1 {
		b.taken = true
		j.badges = append(j.badges, b)
	}
	switch {
	case a == nil:
	case a.what == renewed:
		a.outcome, a.jti = changed, jtiOf(token)
		j.deeds[renewed]++
	default:
		a.outcome = reached
	}
}

// jtiOf reads the id of an attestation in its token.
func jtiOf(token string) string {
	claims, err := verify.Peek(token)
	if err != nil {
		return "of no attestation: " + err.Error()
	}
	return claims.ID
}

// all gives every badge that was acknowledged so far.
func (j *journal) all() []*badge {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.badges)
}

// take gives somebody a badge to act on, by chance; nil if there is none.
func (j *journal) take(dice *rand.Rand) *badge {
	j.mu.Lock()
	defer j.mu.Unlock()
	var free []*badge
	for _, b := range j.badges {
		if !b.taken && !b.spent {
			free = append(free, b)
		}
	}
	if len(free) == 0 {
		return nil
	}
	b := free[dice.IntN(len(free))]
	b.taken = true
	return b
}

// give takes the badge back.
func (j *journal) give(b *badge) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b.taken = false
}

// begin notes an act before it is asked for. One of an auditor gets an id.
func (j *journal) begin(b *badge, what, by string, to verify.Status) *act {
	j.mu.Lock()
	defer j.mu.Unlock()
	if what == audited {
		j.acts++
		by = fmt.Sprintf("auditor-%d", j.acts)
	}
	a := &act{what: what, by: by, to: to}
	b.acts = append(b.acts, a)
	b.spent = b.spent || to == verify.Revoked
	return a
}

// end notes the outcome of an act.
func (j *journal) end(a *act, o outcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	a.outcome = o
}

// counts says how many attestations and changes were acknowledged.
func (j *journal) counts() (attestations, changes int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, b := range j.badges {
		attestations += len(b.tokens)
		for _, a := range b.acts {
			if a.outcome != unknown {
				changes++
			}
		}
	}
	return attestations, changes
}
