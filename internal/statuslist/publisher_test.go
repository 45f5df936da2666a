package statuslist_test

import (
	"errors"
	"testing"
	"time"

	"cocarde.example/internal/statuslist"
	"cocarde.example/verify"
)

// press is a publisher with what it needs.
type press struct {
	*statuslist.Publisher
	board *statuslist.Board
}

func newPress(m *memory, s *signer, c interface{ Now() time.Time }) press {
	b := statuslist.NewBoard(m, c.Now)
	return press{statuslist.NewPublisher(m, b, s, issuer, c.Now), b}
}

// beat is one look, as the jobs take it.
func (p press) beat(t *testing.T) {
	t.Helper()
	must(t, p.board.Refresh(t.Context()))
	must(t, p.Publish(t.Context()))
}

// published verifies what stands in the store as anybody else would.
func published(t *testing.T, m *memory, s *signer, list int64, now time.Time) *verify.SignedList {
	t.Helper()
	a, ok := m.artefacts[statuslist.Path(list)]
	if !ok {
		t.Fatalf("list %d is not published", list)
	}
	if a.ContentType != "application/statuslist+jwt" || !a.ExpiresAt.Equal(a.SignedAt.Add(24*time.Hour)) {
		t.Errorf("%+v", a)
	}
	l, err := verify.VerifyStatusList(string(a.Body), s.issuer, issuer+statuslist.Path(list), now)
	must(t, err)
	return l
}

func TestPublish(t *testing.T) {
	t.Parallel()
	m, s, c := newMemory(), newSigner(t), &clock{now: began}
	m.happen(statuslist.Entry{List: 1, Index: 7, Status: verify.Suspended})
	p := newPress(m, s, c)
	p.beat(t)
	l := published(t, m, s, 1, c.Now())
	if got, err := l.Status(7); err != nil || got != verify.Suspended || l.TTL() != 5*time.Minute || !l.IssuedAt().Equal(began) {
		t.Errorf("%v, %v, TTL %s", got, err, l.TTL())
	}
	if _, err := l.Status(statuslist.Size - 1); err != nil {
		t.Error(err)
	}
	if _, err := l.Status(statuslist.Size); !errors.Is(err, verify.ErrIndex) {
		t.Errorf("%v", err)
	}

	c.pass(time.Second)
	m.happen(statuslist.Entry{}) // an issuance changes no status
	p.beat(t)
	p.beat(t)
	if m.saved != 1 {
		t.Errorf("signed %d times for nothing", m.saved-1)
	}
	m.happen(statuslist.Entry{List: 1, Index: 7, Status: verify.Revoked})
	p.beat(t)
	if got, _ := published(t, m, s, 1, c.Now()).Status(7); got != verify.Revoked || m.saved != 2 {
		t.Errorf("%v, signed %d times", got, m.saved)
	}
	c.pass(time.Hour)
	p.beat(t)
	p.beat(t)
	if m.saved != 3 {
		t.Errorf("signed %d times when it aged", m.saved-2)
	}
}

// A list that was opened meanwhile is published with the next event, and each
// change touches its own list alone.
func TestPublishNewList(t *testing.T) {
	t.Parallel()
	m, s, c := newMemory(), newSigner(t), &clock{now: began}
	p := newPress(m, s, c)
	p.beat(t)
	m.lists = append(m.lists, statuslist.List{Number: 2, Size: statuslist.Size})
	m.happen(statuslist.Entry{}) // the issuance that opened it
	p.beat(t)
	published(t, m, s, 2, c.Now())
	m.happen(statuslist.Entry{List: 2, Index: 1, Status: verify.Revoked})
	p.beat(t)
	if m.saved != 3 || m.artefacts["/status/1"].Seq != 0 || m.artefacts["/status/2"].Seq != 2 {
		t.Errorf("signed %d times: %+v", m.saved, m.artefacts)
	}
}

// Whoever takes the lease over signs what the former holder left unsigned, and
// nothing that it had signed.
func TestPublishTakenOver(t *testing.T) {
	t.Parallel()
	m, s, c := newMemory(), newSigner(t), &clock{now: began}
	first, second := newPress(m, s, c), newPress(m, s, c)
	first.beat(t)
	second.beat(t)
	if m.saved != 1 {
		t.Errorf("signed %d times", m.saved)
	}
	m.happen(statuslist.Entry{List: 1, Index: 7, Status: verify.Revoked})
	must(t, first.board.Refresh(t.Context())) // it sees, and dies before it signs
	third := newPress(m, s, c)
	third.beat(t)
	if got, _ := published(t, m, s, 1, c.Now()).Status(7); got != verify.Revoked {
		t.Errorf("%v", got)
	}
	c.pass(30 * time.Minute)
	m.happen(statuslist.Entry{List: 1, Index: 8, Status: verify.Revoked})
	second.beat(t) // it was asleep for two changes
	if got, _ := published(t, m, s, 1, c.Now()).Status(8); got != verify.Revoked {
		t.Errorf("%v", got)
	}
}

// What fails is tried again at the next beat.
func TestPublishFails(t *testing.T) {
	t.Parallel()
	m, s, c := newMemory(), newSigner(t), &clock{now: began}
	p := newPress(m, s, c)
	must(t, p.board.Refresh(t.Context()))
	s.err = errors.New("the key is away")
	if err := p.Publish(t.Context()); !errors.Is(err, s.err) {
		t.Errorf("%v", err)
	}
	s.err = nil
	m.fail(errors.New("the disk is full"))
	if err := p.Publish(t.Context()); !errors.Is(err, m.failing) {
		t.Errorf("%v", err)
	}
	m.fail(nil)
	p.beat(t)
	published(t, m, s, 1, c.Now())
}

// A list is signed anew at once when its key signs no more, by whatever process
// publishes: the key may be revoked.
func TestPublishUnderAnotherKey(t *testing.T) {
	t.Parallel()
	m, s, c := newMemory(), newSigner(t), &clock{now: began}
	p := newPress(m, s, c)
	p.beat(t)
	next := newSigner(t)
	*s = *next
	c.pass(time.Second)
	p.beat(t)
	published(t, m, next, 1, c.Now())
	saved := m.saved
	newPress(m, next, c).beat(t)
	p.beat(t)
	if m.saved != saved {
		t.Error("it is signed again and again")
	}
	other := newSigner(t)
	newPress(m, other, c).beat(t)
	published(t, m, other, 1, c.Now())
}
