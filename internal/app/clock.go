package app

import (
	"context"
	"fmt"
	"time"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/verify"
)

var errClock = fault.New(fault.Conflict, "clock_wrong",
	"The clocks of this machine and of the database's server do not agree: what is signed here would be refused elsewhere, or end too early. Nothing was touched. Set both clocks (by NTP, say), and start again.")

// sameTime refuses a clock that is not the database's, since nobody can tell which of
// the two is wrong. Verifiers bear as much as it does.
func sameTime(ctx context.Context, s *store.Store, now func() time.Time) error {
	there, err := s.Clock(ctx)
	if err != nil {
		return err
	}
	if off := now().Sub(there); off.Abs() > verify.MaxAhead {
		return errClock.Because(fmt.Errorf("this machine's is %v ahead of the other", off.Round(time.Second)))
	}
	return nil
}
