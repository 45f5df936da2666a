package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/fault"
)

var errGone = fault.New(fault.Gone, "thing_gone", "The thing has gone. Ask for another.")

// A copy says more and is still the same refusal; the original never changes.
func TestCopies(t *testing.T) {
	t.Parallel()
	cause := errors.New("row of marie.dupont@culture.gouv.fr")
	err := errGone.At("/thing").After(time.Minute).Because(cause)
	if err.Field != "/thing" || err.RetryAfter != time.Minute || !errors.Is(err, errGone) || !errors.Is(err, cause) {
		t.Errorf("%+v", err)
	}
	if errGone.Field != "" || errGone.RetryAfter != 0 || errGone.Unwrap() != nil {
		t.Errorf("the original changed: %+v", errGone)
	}
	if strings.Contains(err.Error(), "marie") || err.Error() != errGone.Error() {
		t.Errorf("the text tells the cause: %s", err)
	}
	if errors.Is(err, fault.New(fault.Gone, "other", "Other.")) {
		t.Error("another code is the same refusal")
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{errGone, "thing_gone"},
		{fmt.Errorf("look: %w", errGone.At("/x")), "thing_gone"},
		{errors.Join(errors.New("x"), errGone), "thing_gone"},
		{errors.New("x"), "internal"},
		{nil, "internal"},
	} {
		if got := fault.Code(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
	if f, ok := fault.Of(errors.New("x")); ok || f != nil {
		t.Errorf("%v", f)
	}
}

func TestCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk I/O error")
	for _, err := range []error{cause, errGone.Because(cause), fmt.Errorf("look: %w", errGone.Because(fmt.Errorf("again: %w", errGone.Because(cause))))} {
		if got := fault.Cause(err); got != cause {
			t.Errorf("%v: %v", err, got)
		}
	}
	if err := error(errGone); fault.Cause(err) != err {
		t.Error("a fault without a cause is not its own")
	}
}
