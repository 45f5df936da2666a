package store

import (
	"context"
	"time"

	"cocarde.example/internal/fault"
)

var (
	// ErrRecovering: somebody has the database alone. Nothing was written.
	ErrRecovering = fault.New(fault.Unavailable, "storage_recovering",
		"The database is being restored, or brought up to what was published since. Nothing was changed. Try again, or start the server, once that has ended.").After(time.Minute)
	errInUse = fault.New(fault.Conflict, "database_in_use",
		"Servers or commands of this program use the database. Nothing was touched. Stop all of them, on every machine, then repeat the command.")
	errAloneLost = fault.New(fault.Unavailable, "database_alone_lost",
		"The connection that kept servers from the database was lost, so the work was stopped. See that the database server runs and that no cocarde serve does, then repeat the command; where a restore then says that there is a database, run `cocarde db replay`.")
)

// Alone runs an act while nobody else has the database open, no server and no
// command: whoever does makes it refuse, and whoever comes meanwhile is refused with
// ErrRecovering. The act uses the context and the options that it is given. On SQLite
// it is the lock of the data directory that keeps servers out, and the caller's to take.
func Alone(ctx context.Context, o Options, act func(context.Context, Options) error) error {
	o.alone = true
	d := o.dialect()
	return d.opening(d.alone(ctx, func(ctx context.Context) error { return act(ctx, o) }))
}
