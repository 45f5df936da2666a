package years

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"cocarde.example/verify"
)

var (
	howMany = flag.Float64("years", 1, "for how many years the issuer lives")
	every   = flag.Duration("every", 7*day, "how long it is from one look at everything to the next; beside them it is looked at whatever happens")
	seed    = flag.Uint64("seed", 1, "of the plan")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// years is an issuer, what is done with it, and what strangers have seen.
type years struct {
	*world
	chance     *rand.Rand
	plan       plan
	agents     []*agent
	badges     []*badge
	statements []*statement
	taken      map[place]bool

	keys      *keyring
	list      *list
	strangers *strangers
	metadata  string // as it was seen last,
	jwks      string
	nextBadge int // to be looked at without a reason
	mails     int // that were read
	startedAt time.Time

	happened tally
}

// TestYears lets an issuer live, and holds what it publishes against what was done.
func TestYears(t *testing.T) {
	t.Parallel()
	t.Logf("the plan's seed is %d", *seed)
	w := newWorld(t)
	y := &years{
		world: w, chance: rand.New(rand.NewPCG(*seed, 7)), taken: map[place]bool{}, happened: tally{},
		list: &list{t: t, revoked: map[int64]bool{}},
	}
	y.keys = &keyring{t: t, now: w.now, all: map[string]*key{}, happened: y.happened}
	y.strangers = y.newStrangers()
	y.up()
	y.found()
	for range len(fates()) {
		y.hire()
	}
	length := time.Duration(*howMany * 365 * float64(day))
	y.operate()
	y.plan.add(y.now().Add(length/2), y.leakSigner)
	y.plan.add(y.now().Add(length*2/3), func() { y.again(hour, 300*day, func() { y.leak(y.anyKey()) }) })
	y.live(y.now().Add(length))
	t.Logf("%d agents got %d attestations under %d badges; there were %d keys", len(y.agents), len(y.statements), len(y.badges), len(y.keys.all))
	y.happened.enough(t)
}

// live goes from look to look.
func (y *years) live(end time.Time) {
	for next := y.now().Truncate(hour).Add(hour); next.Before(end); next = next.Add(*every) {
		for a, ok := y.plan.next(next); ok; a, ok = y.plan.next(next) {
			y.reach(a.at)
			y.settle()
			y.look()
			a.do()
			y.settle()
			y.look()
		}
		if y.now().Sub(next) >= *every {
			continue // the server was stopped
		}
		y.reach(next)
		y.settle()
		y.look()
		y.check()
	}
}

// found looks at a new issuer: one key signs already.
func (y *years) found() {
	y.keys.shown(y.kids())
	y.keys.all[verify.ListKey(y.get("/status/1"))].atOnce = true
	y.look()
}

func (y *years) kids() (kids []string) {
	y.t.Helper()
	var set struct{ Keys []struct{ Kid string } }
	y.jwks = y.get("/.well-known/jwks.json")
	y.decode(y.jwks, &set)
	for _, k := range set.Keys {
		kids = append(kids, k.Kid)
	}
	slices.Sort(kids)
	if len(slices.Compact(slices.Clone(kids))) != len(kids) {
		y.t.Fatalf("%v: a key stands twice in %s", y.now(), y.jwks)
	}
	return kids
}

// look takes what is published, and notes what has changed.
func (y *years) look() {
	y.t.Helper()
	y.keys.shown(y.kids())
	y.metadata = y.get("/.well-known/jwt-vc-issuer")
	y.keys.signed(y.list.read(y.get("/status/1"), y.now()), time.Time{})
	y.remember()
	y.readMails()
	y.checkList()
}

// check holds what is published against what was done.
func (y *years) check() {
	y.t.Helper()
	y.keys.check()
	y.keep()
	y.checkStatements()
	y.checkBadges()
	y.checkMails()
}
