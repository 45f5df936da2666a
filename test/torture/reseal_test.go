package torture

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
)

// reseal puts the data keys under another secret, until that is acknowledged, and the
// new file in the place of the former. Whenever the command is killed, one of the two
// opens the issuer.
func (o *operator) reseal(ctx context.Context) error {
	o.secret.Lock()
	defer o.secret.Unlock()
	next := o.secretFile() + ".new"
	exists := func(string) bool {
		_, err := os.Stat(next)
		return err == nil
	}
	for {
		e, err := o.run(ctx, o.lot(), exists, "keys", "reseal", "--new-secret-file", next)
		if err != nil {
			return err
		}
		byFormer, err := o.opens(ctx, o.secretFile())
		if err != nil {
			return err
		}
		byNext, err := o.opens(ctx, next)
		if err != nil {
			return err
		}
		if byFormer == byNext || o.acknowledged(e) && !byNext {
			o.journal.lose("after %+v the former secret opens the issuer: %v, the new one: %v", e, byFormer, byNext)
			return errors.New("nothing opens the issuer")
		}
		if !o.acknowledged(e) {
			continue
		}
		o.formers++
		o.journal.did(resealed)
		return errors.Join(os.Rename(o.secretFile(), fmt.Sprintf("%s.former-%d", o.secretFile(), o.formers)), os.Rename(next, o.secretFile()))
	}
}

// opens says whether a secret file opens the issuer, once the database can be read.
func (o *operator) opens(ctx context.Context, secret string) (bool, error) {
	c, err := config.Load("", append(o.settings(operatorName), "COCARDE_SECRET_FILE="+secret))
	if err != nil {
		return false, err
	}
	for {
		d, err := app.OpenDesk(ctx, c)
		if err == nil {
			return true, d.Close()
		}
		if fault.Code(err) == "secret_unusable" {
			return false, nil
		}
		if !o.ground.mayBeAway() {
			return false, err
		}
		if err := wait(ctx, pause); err != nil {
			return false, err
		}
	}
}

// queried is what is asked of a database.
type queried interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// inDatabase asks the database until it answers, where it may be away.
func (w *world) inDatabase(ctx context.Context, toChange bool, ask func(queried) error) error {
	db, err := w.ground.open(toChange)
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		err := ask(db)
		if err == nil || !w.ground.mayBeAway() {
			return err
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}
