package web

import (
	"container/list"
	"context"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"cocarde.example/attest"
)

const (
	// stateAge is how long a badge's state is believed without asking again: so
	// long a revoked badge may still show as in force.
	stateAge = time.Second
	// maxStates bounds how many are remembered.
	maxStates = 4096
	// maxDrawn bounds what is kept of pages and pictures, in bytes of their bodies.
	maxDrawn = 32 << 20
	// stateTimeout is how long all who wait for one state wait at most.
	stateTimeout = 10 * time.Second
)

// badgeCache lets badges stand a thundering herd: each state is asked for once a
// second, each page and picture is drawn once for each state. It is safe for
// concurrent use.
type badgeCache struct {
	badges Badges
	now    func() time.Time
	flight singleflight.Group

	mu     sync.Mutex
	states map[string]knownState
	drawn  map[badgeKey]*list.Element
	recent *list.List // of drawing, the one asked for last in front
	bytes  int
}

type knownState struct {
	view attest.BadgeView
	at   time.Time // when it was asked for
}

// badgeKey names an answer: whatever it depends on stands here.
type badgeKey struct {
	id, jti, url string
	state        attest.BadgeState
	changed      int64
	listed       bool
	form         form
	lang, kept   string
}

type drawing struct {
	key    badgeKey
	answer stored
}

func newBadgeCache(b Badges, now func() time.Time) *badgeCache {
	return &badgeCache{
		badges: b, now: now, states: map[string]knownState{}, drawn: map[badgeKey]*list.Element{}, recent: list.New(),
	}
}

// current is a badge's state as it is now: its agent may just have changed it.
func (c *badgeCache) current(ctx context.Context, id string) (attest.BadgeView, error) {
	return c.badges.State(ctx, id)
}

func keyOf(v attest.BadgeView, f form, lang, kept string) badgeKey {
	k := badgeKey{id: v.ID, state: v.State, changed: v.ChangedAt.UnixMicro(), form: f, lang: lang, kept: kept}
	if v.Published != nil {
		k.jti, k.url, k.listed = v.Published.Attestation.JTI, v.Published.Badge.Actor.URL, v.Published.Badge.Listed
	}
	if f == asQRSVG || f == asQRPNG {
		return badgeKey{id: v.ID, form: f} // the link is the same in each language and state
	}
	if f != asPage {
		k.kept = "" // pictures have no links
	}
	return k
}

// state gives the state of a badge, at most a second old.
func (c *badgeCache) state(ctx context.Context, id string) (attest.BadgeView, error) {
	c.mu.Lock()
	known, ok := c.states[id]
	c.mu.Unlock()
	if ok && c.now().Sub(known.at) < stateAge {
		return known.view, nil
	}
	v, err, _ := c.flight.Do(id, func() (any, error) {
		// Whoever asked first may go away; the others still wait.
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), stateTimeout)
		defer cancel()
		asked := c.now()
		view, err := c.badges.State(shared, id)
		if err == nil {
			c.remember(id, knownState{view, asked})
		}
		return view, err
	})
	return v.(attest.BadgeView), err
}

func (c *badgeCache) remember(id string, s knownState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.states) >= maxStates {
		clear(c.states)
	}
	c.states[id] = s
}

// draw has an answer drawn, once for all who ask meanwhile, and keeps it.
func (c *badgeCache) draw(k badgeKey, draw func() (stored, error)) (stored, error) {
	v, err, _ := c.flight.Do(k.String(), func() (any, error) {
		if s, ok := c.find(k); ok {
			return s, nil
		}
		s, err := draw()
		if err == nil {
			c.keep(k, s)
		}
		return s, err
	})
	return v.(stored), err
}

// String tells keys apart; no id of a badge looks like it.
func (k badgeKey) String() string {
	return k.id + " " + k.jti + " " + string(k.state) + " " + strconv.FormatInt(k.changed, 10) + " " +
		strconv.Itoa(int(k.form)) + " " + k.lang + " " + k.kept + " " + strconv.FormatBool(k.listed) + " " + k.url
}

// find gives what was drawn before.
func (c *badgeCache) find(k badgeKey) (stored, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.drawn[k]
	if !ok {
		return stored{}, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(drawing).answer, true
}

func (c *badgeCache) keep(k badgeKey, s stored) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drawn[k] = c.recent.PushFront(drawing{k, s})
	for c.bytes += len(s.body); c.bytes > maxDrawn; {
		oldest := c.recent.Back()
		d := c.recent.Remove(oldest).(drawing)
		delete(c.drawn, d.key)
		c.bytes -= len(d.answer.body)
	}
}
