package jobs

import (
	"context"
	"errors"

	"cocarde.example/attest"
)

// Step does once, one after the other, what Run does at each interval: it is for
// whoever lets time pass by hand, instead of Run and never beside it.
func (r *Runner) Step(ctx context.Context) error {
	if err := r.work(ctx); err != nil {
		return err
	}
	r.worked()
	if !r.holds() {
		return nil
	}
	return errors.Join(r.Courier.Deliver(ctx, attest.OutboxMail), r.Courier.Deliver(ctx, attest.OutboxRevocation))
}
