package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"cocarde.example/verify"
)

// auditor takes badges back and gives them again, by a desk of its own.
type auditor struct {
	*world
	name string
	dice *rand.Rand

	mu   sync.Mutex
	desk *process // nil before the first
}

// restTime bounds how long an auditor rests between two badges.
const restTime = 40 * time.Millisecond

// work goes on until done is closed, and ends the desk.
func (u *auditor) work(ctx context.Context, done <-chan struct{}) error {
	defer u.leave()
	for {
		select {
		case <-done:
			return nil
		default:
		}
		if err := wait(ctx, time.Duration(u.dice.Int64N(int64(restTime)))); err != nil {
			return err
		}
		b := u.journal.take(u.dice)
		if b == nil {
			continue
		}
		for range 1 + u.dice.IntN(3) {
			if err := u.act(ctx, b); err != nil {
				return err
			}
		}
		u.journal.give(b)
	}
}

// act is one try to change a badge's status.
func (u *auditor) act(ctx context.Context, b *badge) error {
	desk, err := u.open(ctx)
	if err != nil {
		return err
	}
	to := verify.Status(u.dice.IntN(2))
	if u.dice.IntN(8) == 0 {
		to = verify.Revoked
	}
	a := u.journal.begin(b, audited, "", to)
	u.step(atAct)
	r, err := desk.obey(ctx, order{ID: a.by, Badge: b.id, To: to, Note: "of " + b.handle()})
	if errors.Is(err, errEnded) {
		u.cut.Add(1)
		// What it began may still be going on in the database server.
		return u.ground.settled(ctx, u.name)
	}
	if err != nil {
		return fmt.Errorf("%s gets no answer: %w", a.by, err)
	}
	switch {
	case r.Code == "" && r.Changed:
		u.journal.end(a, changed)
	case r.Code == "":
		u.journal.end(a, unchanged)
	case r.Code == "badge_revoked":
		u.journal.end(a, refused)
	case !strings.HasPrefix(r.Code, "storage_"): // after those it may have happened
		u.journal.lose("%s on badge %s: %s", a.by, b.id, r.Code)
	}
	return nil
}

// obey sends an order to a desk and waits for what came of it.
func (p *process) obey(ctx context.Context, o order) (r result, err error) {
	line, err := json.Marshal(o)
	if err != nil {
		return r, err
	}
	if _, err := p.stdin.Write(append(line, '\n')); err != nil {
		<-p.ended
		return r, errEnded
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said, err := p.hears(ctx, "")
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(said), &r)
}

// open gives the desk, a new one if the former has ended.
func (u *auditor) open(ctx context.Context) (*process, error) {
	if desk := u.now(); desk != nil && !desk.gone() {
		return desk, nil
	}
	for {
		desk, err := u.openNew(ctx)
		if err == nil || !errors.Is(err, errEnded) {
			return desk, err // whoever leaves ends the desk
		}
		<-desk.ended
		if status := desk.cmd.ProcessState; status.Exited() && !u.ground.mayBeAway() {
			u.journal.lose("%s: no desk opens: %s", u.name, desk.how())
		}
		if err := wait(ctx, pause); err != nil {
			return nil, err
		}
	}
}

func (u *auditor) openNew(ctx context.Context) (*process, error) {
	u.secret.RLock()
	defer u.secret.RUnlock()
	desk, err := spawn(roleDesk, u.settings(u.name))
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	u.desk = desk
	u.mu.Unlock()
	_, err = desk.hears(ctx, sayUp)
	return desk, err
}

// now gives the desk as it is.
func (u *auditor) now() *process {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.desk
}

func (u *auditor) leave() {
	if desk := u.now(); desk != nil {
		_ = desk.stdin.Close() // no more orders
		<-desk.ended
	}
}
