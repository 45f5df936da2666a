package torture

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"cocarde.example/verify"
)

// journal is what the parent knows to be acknowledged. What was begun and not
// acknowledged stands there too: it may have happened.
type journal struct {
	mu       sync.Mutex
	requests []*request
	badges   []*badge
	losses   []string
	acts     int
	spent    map[string]string // request by mailbox and code
}

func newJournal() *journal { return &journal{spent: map[string]string{}} }

// The stages of a request; a stage that was acknowledged is never left backwards.
const (
	begun = iota
	accountProven
	mailboxProven
	issued
)

// request is one that an agent began.
type request struct {
	id, token string
	mailbox   string
	handle    string
	reached   [issued + 1]time.Time // when each stage was acknowledged
	wrong     int                   // acknowledged refusals of a wrong code
	answer    string                // acknowledged, byte for byte
}

// badge is one whose attestation was acknowledged.
type badge struct {
	id      string
	token   string
	mailbox string
	handle  string
	acts    []*act // in the order in which they were begun
	taken   bool   // somebody is at it
	spent   bool   // it may be revoked: nobody begins anything with it
}

// act is one try to change a badge's status.
type act struct {
	id      string // who did it, in the event
	to      verify.Status
	outcome outcome
}

type outcome int

// The outcomes of an act. An act whose outcome is unknown may have happened.
const (
	unknown outcome = iota
	changed
	unchanged // the badge had that status
	refused   // the badge was revoked
)

// lose notes what must not be.
func (j *journal) lose(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.losses = append(j.losses, fmt.Sprintf(format, args...))
}

func (j *journal) lost() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.losses)
}

// began notes a request that was acknowledged.
func (j *journal) began(r *request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.reached[begun] = time.Now()
	j.requests = append(j.requests, r)
}

// reach notes that a stage was acknowledged, the first time.
func (j *journal) reach(r *request, stage int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r.reached[stage].IsZero() {
		r.reached[stage] = time.Now()
	}
}

// mistyped notes that a wrong code was refused.
func (j *journal) mistyped(r *request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.wrong++
}

// spend notes that a code was accepted: it can serve one request only.
func (j *journal) spend(r *request, code string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	key := r.mailbox + " " + code
	if other, ok := j.spent[key]; ok && other != r.id {
		j.losses = append(j.losses, fmt.Sprintf("one code was accepted for the requests %s and %s", other, r.id))
	}
	j.spent[key] = r.id
}

// answered notes the answer of an issuance. former is the badge that it replaced.
func (j *journal) answered(r *request, answer string, b *badge, former *badge) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.reached[issued], r.answer = time.Now(), answer
	j.badges = append(j.badges, b)
	if former != nil {
		former.acts[len(former.acts)-1].outcome = changed
	}
}

// take gives somebody a badge to act on, of so many, the oldest first; nil if there is none.
func (j *journal) take(pick func(n int) int) *badge {
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
	b := free[pick(len(free))]
	b.taken = true
	return b
}

// give takes the badge back.
func (j *journal) give(b *badge) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b.taken = false
}

// begin notes an act before it is asked for. An empty id makes one.
func (j *journal) begin(b *badge, id string, to verify.Status) *act {
	j.mu.Lock()
	defer j.mu.Unlock()
	if id == "" {
		j.acts++
		id = fmt.Sprintf("auditor-%d", j.acts)
	}
	a := &act{id: id, to: to}
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
		for _, a := range b.acts {
			if a.outcome != unknown {
				changes++
			}
		}
	}
	return len(j.badges), changes
}
