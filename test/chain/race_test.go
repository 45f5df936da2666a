package chain

import (
	"net/http"
	"sync"
	"testing"

	"cocarde.example/internal/sandbox"
)

// atOnce makes calls at the same time and gives how often each status came.
func atOnce(calls ...func() answer) map[int]int {
	var mu sync.Mutex
	var all sync.WaitGroup
	seen := map[int]int{}
	for _, call := range calls {
		all.Go(func() {
			got := call()
			mu.Lock()
			defer mu.Unlock()
			seen[got.status]++
		})
	}
	all.Wait()
	return seen
}

func TestTwoRequestsOfOneAccountIssuedAtOnceGiveOneBadge(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	b := *a
	b.mailbox = journal.hide("mailbox", unique("other")+"@insee.fr")
	a.proven()
	b.proven()
	if seen := atOnce(a.issue, b.issue); seen[http.StatusCreated] != 1 || seen[http.StatusConflict] != 1 {
		t.Errorf("got %v, want one issued and one refused", seen)
	}
	mustHold(t, a.report(map[string]string{"handle": a.handle}))
}

func TestTwoRequestsOfOneMailboxIssuedAtOnceLeaveOneBadge(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	a, b := w.agent(t, instance), w.agent(t, instance)
	a.proven()
	b.mailbox = a.mailbox
	b.codes = 1
	b.proven()
	if seen := atOnce(a.issue, b.issue); seen[http.StatusCreated] != 2 {
		t.Errorf("got %v, want both issued", seen)
	}
	eventually(t, patience, func() error {
		valid := 0
		for _, x := range []*agent{a, b} {
			if x.report(map[string]string{"handle": x.handle}).Valid {
				valid++
			}
		}
		if valid != 1 {
			return errBadges
		}
		return nil
	})
}

func TestACallbackOpenedTwiceAtOnceCountsOnce(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	callback := a.signIn()
	visit := func() answer { return a.visit(callback, a.cookie) }
	if seen := atOnce(visit, visit, visit, visit); seen[http.StatusOK] != 1 || seen[http.StatusBadRequest] != 3 {
		t.Errorf("got %v, want one that counts", seen)
	}
	a.typeCode(a.nextCode()).want(http.StatusOK)
	var i issued
	a.issue().want(http.StatusCreated).into(&i)
	a.mailed(func(m sandbox.Message) bool { return sandbox.Code(m) == "" }, 1) // the last one
	if n := len(w.mailbox.Messages(a.mailbox)); n != 2 {
		t.Errorf("%d mails, want one code and one notice", n)
	}
}
