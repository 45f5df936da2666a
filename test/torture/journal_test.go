package torture

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// journal is what the parent knows to be acknowledged. What was begun and not
// acknowledged stands there too: it may have happened.
type journal struct {
	mu       sync.Mutex
	requests []*request
	badges   []*badge
	losses   []string
	acts     int               // of auditors
	spent    map[string]string // request by mailbox and code
	deeds    map[string]int    // acknowledged, by name
	keys     keysKnown
}

func newJournal() *journal {
	return &journal{spent: map[string]string{}, deeds: map[string]int{}, keys: newKeysKnown()}
}

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
	named     bool                  // its mails name the handle
	reached   [issued + 1]time.Time // when each stage was acknowledged
	wrong     int                   // acknowledged refusals of a wrong code
	badge     *badge                // that it is about, once there is one
	answer    string                // of the issuance, acknowledged, byte for byte
	issued    string                // the attestation in the answer
}

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
