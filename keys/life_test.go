package keys_test

import (
	"slices"
	"testing"
	"time"

	"cocarde.example/keys"
)

const day = 24 * time.Hour

var today = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

func announced(kid string, ago time.Duration) keys.Key {
	return keys.Key{KID: kid, State: keys.Announced, Created: today.Add(-ago), NotBefore: today.Add(keys.AnnounceFor - ago)}
}

func active(kid string, ago time.Duration) keys.Key {
	return keys.Key{KID: kid, State: keys.Active, Created: today.Add(-ago - day), NotBefore: today.Add(-ago), ActivatedAt: today.Add(-ago)}
}

func retired(kid string, ago time.Duration) keys.Key {
	return keys.Key{KID: kid, State: keys.Retired, ActivatedAt: today.Add(-ago - keys.ActiveFor), RetiredAt: today.Add(-ago)}
}

var (
	announce = keys.Transition{From: keys.Unborn, To: keys.Announced}
	revoked  = keys.Key{KID: "leaked", State: keys.Revoked, RevokedAt: today}
)

func step(kid string, from, to keys.State) keys.Transition {
	return keys.Transition{KID: kid, From: from, To: to}
}

func TestDue(t *testing.T) {
	t.Parallel()
	takesOver := []keys.Transition{step("a", keys.Active, keys.Retired), step("s", keys.Announced, keys.Active), announce}
	for name, c := range map[string]struct {
		all  []keys.Key
		last time.Duration // from now, of what "r" signed
		want []keys.Transition
	}{
		"nothing at all":                    {want: []keys.Transition{announce}},
		"young":                             {all: []keys.Key{active("a", 0), announced("s", 0)}},
		"no standby":                        {all: []keys.Key{active("a", 0)}, want: []keys.Transition{announce}},
		"no standby for an old one":         {all: []keys.Key{active("a", 200*day)}, want: []keys.Transition{announce}},
		"a moment before 90 days":           {all: []keys.Key{active("a", 90*day-1), announced("s", 89*day)}},
		"90 days":                           {all: []keys.Key{active("a", 90*day), announced("s", 89*day)}, want: takesOver},
		"old, standby a moment too new":     {all: []keys.Key{active("a", 99*day), announced("s", 48*time.Hour-1)}},
		"old, standby just ready":           {all: []keys.Key{active("a", 99*day), announced("s", 48*time.Hour)}, want: takesOver},
		"none active, standby too new":      {all: []keys.Key{announced("s", day), revoked}},
		"none active, standby ready":        {all: []keys.Key{announced("s", 3*day), revoked}, want: takesOver[1:]},
		"a clock that was set back":         {all: []keys.Key{active("a", -day), announced("s", -day)}},
		"retired, in use":                   {all: []keys.Key{retired("r", day), active("a", day), announced("s", day)}, last: day},
		"retired, ended":                    {all: []keys.Key{retired("r", 200*day), active("a", day), announced("s", day)}, last: -keys.KeepFor + 1},
		"retired, ended long ago":           {all: []keys.Key{retired("r", 200*day), active("a", day), announced("s", day)}, last: -keys.KeepFor, want: []keys.Transition{step("r", keys.Retired, keys.Gone)}},
		"retired, never used, still listed": {all: []keys.Key{retired("r", keys.KeepFor-1), active("a", day), announced("s", day)}, last: -1000 * day},
		"retired, never used":               {all: []keys.Key{retired("r", keys.KeepFor), active("a", day), announced("s", day)}, last: -1000 * day, want: []keys.Transition{step("r", keys.Retired, keys.Gone)}},
		"all at once": {
			all: []keys.Key{retired("r", 300*day), active("a", 91*day), announced("s", 91*day)}, last: -40 * day,
			want: append(slices.Clone(takesOver), step("r", keys.Retired, keys.Gone)),
		},
	} {
		got := keys.Due(c.all, func(kid string) time.Time {
			if kid != "r" {
				t.Errorf("%s: asked for %s", name, kid)
			}
			return today.Add(c.last)
		}, today)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	all := []keys.Key{retired("r", day), active("a", day), announced("s", day), revoked}
	for kid, want := range map[string][]keys.Transition{
		"r":       {step("r", keys.Retired, keys.Revoked)},
		"a":       {step("a", keys.Active, keys.Revoked), step("s", keys.Announced, keys.Active), announce},
		"s":       {step("s", keys.Announced, keys.Revoked), announce},
		"leaked":  nil,
		"unknown": nil,
	} {
		if got := keys.Revocation(all, kid); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", kid, got, want)
		}
	}
	alone := keys.Revocation([]keys.Key{active("a", day)}, "a")
	if want := []keys.Transition{step("a", keys.Active, keys.Revoked), {From: keys.Unborn, To: keys.Active}, announce}; !slices.Equal(alone, want) {
		t.Errorf("without a standby: %v", alone)
	}
}

// A key that signs no more cannot leak any more.
func TestApplyForgetsThePrivateHalf(t *testing.T) {
	t.Parallel()
	k := keys.Key{KID: "a", State: keys.Announced, Sealed: []byte("sealed")}
	k = step("a", keys.Announced, keys.Active).Apply(k, today, "")
	if k.State != keys.Active || !k.ActivatedAt.Equal(today) || k.Sealed == nil {
		t.Errorf("%+v", k)
	}
	for _, to := range []keys.State{keys.Retired, keys.Revoked} {
		after := step("a", keys.Active, to).Apply(k, today.Add(day), "leaked")
		if after.Sealed != nil || after.State != to || after.RetiredAt.IsZero() == after.RevokedAt.IsZero() || (after.Reason != "") != (to == keys.Revoked) {
			t.Errorf("%+v", after)
		}
	}
}
