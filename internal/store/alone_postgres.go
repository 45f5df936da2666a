package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cocarde.example/internal/fault"
)

// Every connection of this program shares a lock for its life, and whoever must be
// alone has that lock alone. The lock is the connection's: it ends with it, however
// that ends, and a connection that is made anew must get it anew. So nobody is
// overlooked who could still write, and nothing must watch over servers.
var theDatabase = number("the database")

// aloneWait is longer than a server that was killed may still run a statement.
const aloneWait = 7 * time.Second

// takePart is run on each new connection.
func (d postgres) takePart(ctx context.Context, conn *pgconn.PgConn) error {
	results, err := conn.Exec(ctx, fmt.Sprintf(`SELECT pg_try_advisory_lock_shared(%d)`, theDatabase)).ReadAll()
	if err != nil {
		return err
	}
	if string(results[0].Rows[0][0]) == "t" {
		return nil
	}
	if d.refused != nil {
		d.refused()
	}
	return ErrRecovering
}

func (d postgres) alone(ctx context.Context, act func(context.Context) error) (err error) {
	conn, err := d.patient(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := lockAlone(ctx, conn); err != nil {
		return err
	}
	held, lose := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, err := conn.WaitForNotification(held) // nobody notifies: it waits for the connection's end
		lose(errAloneLost.Because(err))
	}()
	err = act(held)
	if lost, ok := fault.Of(context.Cause(held)); ok && err != nil {
		err = lost
	}
	lose(nil)
	<-ended
	// At once: the database server may see the connection's end later, and until then a start would be refused.
	_, unlocked := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, theDatabase)
	if err == nil && unlocked != nil { // nobody knows whether it was held to the end
		err = errAloneLost.Because(unlocked)
	}
	return err
}

// lockAlone asks again and again: whoever waits for a lock in the server's queue
// keeps new connections of servers out.
func lockAlone(ctx context.Context, conn *pgx.Conn) error {
	const every = 100 * time.Millisecond
	for end := time.Now().Add(aloneWait); ; {
		var locked bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, theDatabase).Scan(&locked); err != nil || locked {
			return err
		}
		if time.Now().After(end) {
			return errInUse
		}
		if err := pause(ctx, every); err != nil {
			return err
		}
	}
}
