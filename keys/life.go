package keys

import (
	"slices"
	"time"
)

const (
	// ActiveFor is how long a key signs before the standby takes its place.
	ActiveFor = 90 * 24 * time.Hour
	// KeepFor is how long a retired key outlives the last thing that it signed: so
	// long whoever checks that is told that it has ended, and not that its key is
	// unknown. It is longer than any status list is believed.
	KeepFor = 30 * 24 * time.Hour
)

// Transition is one step in the life of a key. Those that are given together are
// to be done together, in their order.
type Transition struct {
	KID      string // empty where a key is to be made
	From, To State
}

// Due says which steps of the keys' lives are due: a standby is announced when
// there is none; it becomes active, and the active key retires, when that has
// signed for ActiveFor, and caches have had AnnounceFor to learn the standby; a
// retired key goes KeepFor after the last exp under it, which lastExp gives (the
// zero time if there is none).
func Due(all []Key, lastExp func(kid string) time.Time, now time.Time) []Transition {
	var due []Transition
	active, standby := find(all, Active), find(all, Announced)
	aged := active == nil || now.Sub(active.ActivatedAt) >= ActiveFor
	switch {
	case standby == nil:
		due = append(due, Transition{From: Unborn, To: Announced})
	case aged && !now.Before(standby.NotBefore):
		due = Succession(all)
	}
	for _, k := range all {
		if k.State != Retired {
			continue
		}
		last := lastExp(k.KID)
		if last.Before(k.RetiredAt) {
			last = k.RetiredAt
		}
		if !now.Before(last.Add(KeepFor)) {
			due = append(due, Transition{k.KID, Retired, Gone})
		}
	}
	return due
}

// Succession gives the steps by which the standby becomes active now, whatever
// its NotBefore says, and another takes its place. Without a standby a new key
// becomes active at once.
func Succession(all []Key) []Transition {
	var steps []Transition
	if active := find(all, Active); active != nil {
		steps = append(steps, Transition{active.KID, Active, Retired})
	}
	return append(steps, replacement(all)...)
}

// Revocation gives the steps by which a key is revoked and what it did is done by
// another: after an active one the standby signs at once. A key that is unknown
// or revoked already has none.
func Revocation(all []Key, kid string) []Transition {
	i := slices.IndexFunc(all, func(k Key) bool { return k.KID == kid })
	if i < 0 || all[i].State == Revoked {
		return nil
	}
	steps := []Transition{{kid, all[i].State, Revoked}}
	switch all[i].State {
	case Active:
		return append(steps, replacement(all)...)
	case Announced:
		return append(steps, Transition{From: Unborn, To: Announced})
	}
	return steps
}

// replacement makes the standby active and announces another.
func replacement(all []Key) []Transition {
	next := Transition{From: Unborn, To: Active}
	if standby := find(all, Announced); standby != nil {
		next = Transition{standby.KID, Announced, Active}
	}
	return []Transition{next, {From: Unborn, To: Announced}}
}

// find gives the key in a state, of which there is at most one.
func find(all []Key, s State) *Key {
	if i := slices.IndexFunc(all, func(k Key) bool { return k.State == s }); i >= 0 {
		return &all[i]
	}
	return nil
}

// Standby gives the announced key, nil if there is none.
func Standby(all []Key) *Key { return find(all, Announced) }

// Apply gives what a key is after a transition. One that signs no more loses its
// private half.
func (t Transition) Apply(k Key, now time.Time, reason string) Key {
	k.State = t.To
	switch t.To {
	case Active:
		k.ActivatedAt = now
	case Retired:
		k.RetiredAt, k.Sealed = now, nil
	case Revoked:
		k.RevokedAt, k.Reason, k.Sealed = now, reason, nil
	}
	return k
}
