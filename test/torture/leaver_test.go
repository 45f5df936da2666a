package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"cocarde.example/internal/sandbox"
	"cocarde.example/verify"
)

// worker is somebody who works until done is closed, and has then done something.
type worker interface {
	work(ctx context.Context, done <-chan struct{}) error
}

// leaver are agents who withdraw their badges or have what is kept erased, by a code
// that comes to the mailbox.
type leaver struct {
	*world
	dice *rand.Rand

	withdrawn, erased atomic.Int64 // acknowledged since the last backup
}

// leaveTime bounds how long it is from one who leaves to the next.
const leaveTime = 100 * time.Millisecond

// oldest are those that a backup knows, so that a restore has something to erase again.
func oldest(int) int { return 0 }

func (l *leaver) work(ctx context.Context, done <-chan struct{}) error {
	for ending := false; !ending || l.withdrawn.Load() == 0 || l.erased.Load() == 0; {
		select {
		case <-done:
			ending = true
		default:
		}
		if err := wait(ctx, time.Duration(l.dice.Int64N(int64(leaveTime)))); err != nil {
			return err
		}
		b := l.journal.take(oldest)
		if b == nil && ending {
			return nil
		} else if b == nil {
			continue
		}
		l.journal.begin(b, "agent", verify.Revoked)
		err := l.leave(ctx, b)
		l.journal.give(b)
		if err != nil {
			return err
		}
	}
	return nil
}

// leave goes the way of one agent. A proof or an act that was cut off may have
// happened, and is left at that: it was not acknowledged.
func (l *leaver) leave(ctx context.Context, b *badge) error {
	mails := len(l.sandbox.Mailbox.Messages(b.mailbox))
	begun, err := l.send(ctx, http.MethodPost, "/v1/requests", `{"accesses":"`+b.id+`","mailbox_proof":{"method":"code"},"lang":"en"}`)
	if err != nil || begun.status != http.StatusCreated {
		return l.unless(ctx, begun, http.StatusServiceUnavailable)
	}
	var v view
	if err := begun.into(&v); err != nil {
		return err
	}
	token := "Authorization: Bearer " + v.Token
	code, err := l.code(ctx, b.mailbox, mails)
	if err != nil {
		return err
	}
	proven, err := l.send(ctx, http.MethodPost, "/v1/requests/"+v.ID+"/mailbox-proof", `{"code":"`+code+`"}`, token)
	if err != nil || proven.status != http.StatusOK {
		return l.unless(ctx, proven, http.StatusServiceUnavailable, http.StatusForbidden) // a code of another request came first
	}
	path, count := "/v1/attestations/"+b.id, &l.withdrawn
	if l.dice.IntN(2) == 0 {
		path, count = path+"/record", &l.erased
	}
	gone, err := l.send(ctx, http.MethodDelete, path, "", token)
	if err != nil || gone.status/100 != 2 {
		return l.unless(ctx, gone, http.StatusServiceUnavailable)
	}
	count.Add(1)
	return nil
}

// unless lets a call be that was cut off, or answered with one of these.
func (l *leaver) unless(ctx context.Context, got answer, statuses ...int) error {
	for _, s := range append(statuses, 0) {
		if got.status == s {
			return ctx.Err()
		}
	}
	return fmt.Errorf("an agent who leaves is answered %d: %s", got.status, got.body)
}

// code waits for one that is newer than the first mails.
func (l *leaver) code(ctx context.Context, mailbox string, first int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for ; ; first++ {
		m, err := l.sandbox.Mailbox.Wait(ctx, mailbox, first+1)
		if err != nil {
			return "", err
		}
		if code := sandbox.Code(m); code != "" {
			return code, nil
		}
	}
}
