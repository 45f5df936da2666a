package years

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cocarde.example/internal/app"
	"cocarde.example/internal/fault"
)

// reason is that of every revoked key.
const reason = "it leaked"

// only is nil for an error of this code, and no other.
func (y *years) only(code string, err error) error {
	if fault.Code(err) == code {
		return nil
	}
	return fmt.Errorf("got %v, want %s", err, code)
}

// operate plans what operators do, for ever.
func (y *years) operate() {
	y.again(60*day, 250*day, y.rotate)
	y.again(8*day, 60*day, y.restart)
	y.again(*every/2, 8*(*every), y.passBy)
}

// again does something after some time, and again after that.
func (y *years) again(from, to time.Duration, do func()) {
	y.plan.add(y.now().Add(y.within(from, to)), func() {
		do()
		y.again(from, to, do)
	})
}

// rotate by hand is refused while the standby is too new.
func (y *years) rotate() {
	y.t.Helper()
	public := y.now().Sub(y.keys.all[y.keys.standby()].seen)
	y.desk(func(ctx context.Context, d *app.Desk) error {
		_, err := d.Keys.Rotate(ctx)
		if public < announced-time.Minute {
			return y.only("key_too_new", err)
		}
		y.keys.turned = true
		y.plan.add(y.now().Add(y.within(announced/2, announced)), y.rotate)
		return err
	})
}

// leak has a key revoked, which may be any; those who lose their badge by it come
// again.
func (y *years) leak(kid string) {
	y.t.Helper()
	y.desk(func(ctx context.Context, d *app.Desk) error {
		_, err := d.Keys.Revoke(ctx, kid, reason)
		if err == nil && y.chance.IntN(2) == 0 { // else it is left to the server
			err = d.Keys.TakeBack(ctx, kid, func(int) {})
		}
		return err
	})
	y.keys.revoke(kid)
	for _, b := range y.revokeKey(kid) {
		b.holder.comesAgain()
		y.happened[keyLoss]++
	}
}

// leakSigner has the key that signs now revoked, once it vouches for a badge.
func (y *years) leakSigner() {
	y.t.Helper()
	if !slices.ContainsFunc(y.badges, func(b *badge) bool { return b.inForce(y.now()) && b.latest().kid == y.keys.signer }) {
		y.plan.add(y.now().Add(day), y.leakSigner)
		return
	}
	y.leak(y.keys.signer)
}

// anyKey gives one that is in the JWKS.
func (y *years) anyKey() string {
	var kids []string
	for kid, k := range y.keys.all {
		if !k.gone && k.revoked.IsZero() {
			kids = append(kids, kid)
		}
	}
	slices.SortFunc(kids, func(a, b string) int { return y.keys.all[a].seen.Compare(y.keys.all[b].seen) })
	return kids[y.chance.IntN(len(kids))]
}

// restart stops the server, and mostly starts it again at once.
func (y *years) restart() {
	y.t.Helper()
	y.pass(listKept + time.Minute)
	y.settle()
	y.look() // for the last time before it stops
	y.keep()
	y.passBy()
	y.stop()
	y.happened[restart]++
	if y.chance.IntN(3) == 0 {
		y.stayDown(y.now().Add(y.within(hour, 3*day)))
	}
	y.up()
}

// stayDown looks what strangers make of a server that does not answer.
func (y *years) stayDown(until time.Time) {
	y.t.Helper()
	for ; y.now().Before(until); y.pass(min(*every, 5*hour)) {
		y.checkStopped()
	}
}

func (y *years) up() {
	y.start()
	y.startedAt = y.now()
}
