package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// operator looks after the keys by the program's own commands, half of which are
// killed at any moment.
type operator struct {
	*world
	dice  *rand.Rand
	usual time.Duration // that a command takes
	left  bool          // a revocation was left to the servers
}

const operatorName = "operator"

// Bounds of the operator's moments.
const (
	firstCommand = 400 * time.Millisecond // takes about so long
	soonAfter    = 5 * time.Millisecond   // a command has said something
	betweenDeeds = 800 * time.Millisecond
)

func newOperator(w *world, seed uint64) *operator {
	return &operator{world: w, dice: newDice(seed, operatorName), usual: firstCommand}
}

func (o *operator) chance(oneIn int) bool { return o.dice.IntN(oneIn) == 0 }

// work goes on until done is closed; where all is to be done, it does each deed first.
func (o *operator) work(ctx context.Context, done <-chan struct{}) error {
	all := []func(context.Context) error{o.rotate, o.revoke, o.reseal}
	var order []int
	if o.thorough {
		order = o.dice.Perm(len(all))
	}
	for n := 0; ; n++ {
		select {
		case <-done:
			if n >= len(order) {
				return nil
			}
		default:
		}
		next := o.dice.IntN(len(all))
		if n < len(order) {
			next = order[n]
		}
		if err := all[next](ctx); err != nil {
			return err
		}
		if err := wait(ctx, time.Duration(o.dice.Int64N(int64(betweenDeeds)))); err != nil {
			return err
		}
	}
}

// The lots of a command.
const (
	spared = iota
	struckAnyTime
	struckInside // just after what is waited for
	lots
)

func (o *operator) lot() int { return o.dice.IntN(lots) }

// run runs a command, and kills it as its lot is.
func (o *operator) run(ctx context.Context, lot int, waited func(said string) bool, args ...string) (ended, error) {
	kill := never
	switch lot {
	case struckAnyTime:
		at := time.Duration(o.dice.Int64N(int64(o.usual) * 5 / 4))
		kill = func(_ string, since time.Duration) bool { return since > at }
	case struckInside:
		after, at := time.Duration(o.dice.Int64N(int64(soonAfter))), time.Duration(-1)
		kill = func(said string, since time.Duration) bool {
			if at < 0 && waited(said) {
				at = since + after
			}
			return at >= 0 && since >= at
		}
	}
	o.step(atKeys)
	began := time.Now()
	e, err := o.command(ctx, operatorName, kill, args...)
	switch {
	case err != nil:
		return e, err
	case e.killed:
		o.struck.Add(1)
		// What it began may still be going on in the database server.
		return e, o.ground.settled(ctx, operatorName)
	case e.exit == 0:
		o.usual = time.Since(began)
	case !e.away():
		o.journal.lose("cocarde %s ends with status %d: %s", strings.Join(args, " "), e.exit, e.said)
		return e, fmt.Errorf("cocarde %s fails", args[1])
	}
	return e, nil
}

// acknowledged says whether a command ended well.
func (o *operator) acknowledged(e ended) bool { return !e.killed && e.exit == 0 }

// rotate lets the standby sign, which is made old enough for that.
func (o *operator) rotate(ctx context.Context) error {
	for {
		if err := o.age(ctx); err != nil {
			return err
		}
		e, err := o.run(ctx, o.lot(), func(string) bool { return false }, "keys", "rotate")
		if err != nil {
			return err
		}
		if o.acknowledged(e) {
			kid, _, _ := strings.Cut(e.stdout, " ")
			o.journal.signs(kid)
			return nil
		}
	}
}

// age makes the standby one that was announced long enough ago.
func (o *operator) age(ctx context.Context) error {
	return o.inDatabase(ctx, true, func(db queried) error {
		_, err := db.ExecContext(ctx, `UPDATE signing_keys SET not_before = created_at WHERE state = 'announced'`)
		return err
	})
}

// revoke takes a key out of use. What a killed command has left is done by calling it
// again or, half of the time, by the servers.
func (o *operator) revoke(ctx context.Context) error {
	for {
		kid, err := o.anyKey(ctx)
		if err != nil {
			return err
		}
		for {
			lot, leave := o.lot(), o.chance(2)
			if o.thorough && !o.left {
				lot, leave = struckInside, true
			}
			e, err := o.run(ctx, lot, func(said string) bool { return strings.Contains(said, "is revoked") },
				"keys", "revoke", "--reason", "copied with a backup", "--json", "--", kid)
			if err != nil {
				return err
			}
			if o.acknowledged(e) {
				return o.affected(kid, e.stdout)
			}
			if leave {
				break
			}
		}
		if err := o.leaves(ctx, kid); err != nil {
			return err
		}
	}
}

// leaves counts a revocation that the command has begun, and that others are to end.
func (o *operator) leaves(ctx context.Context, kid string) error {
	var state string
	err := o.inDatabase(ctx, false, func(db queried) error {
		return db.QueryRowContext(ctx, `SELECT state FROM signing_keys WHERE kid = $1`, kid).Scan(&state)
	})
	if err == nil && state == "revoked" {
		o.left = true
		o.journal.did(left)
	}
	return err
}

// affected notes a revocation, and the badges that the command says went with the key.
func (o *operator) affected(kid, stdout string) error {
	var all []string
	for rows := json.NewDecoder(strings.NewReader(stdout)); rows.More(); {
		var row struct{ ID string }
		if err := rows.Decode(&row); err != nil {
			return fmt.Errorf("read what keys revoke says: %w", err)
		}
		all = append(all, row.ID)
	}
	o.journal.recalls(kid, all)
	return nil
}

// anyKey chooses a key to revoke: rather one that does not sign.
func (o *operator) anyKey(ctx context.Context) (kid string, err error) {
	state := []string{"retired", "retired", "active", "announced"}[o.dice.IntN(4)]
	err = o.inDatabase(ctx, false, func(db queried) error {
		return db.QueryRowContext(ctx, `
			SELECT kid FROM signing_keys WHERE state IN ($1, 'active') ORDER BY CASE state WHEN $1 THEN 0 ELSE 1 END, kid LIMIT 1`, state).Scan(&kid)
	})
	return kid, err
}
