package attest

import "cocarde.example/internal/fault"

// An issuer that closes takes no requests for badges from the moment at which its operator has
// said so, and issues nothing from the day on at which it closes. What stands goes on: it is
// checked, withdrawn, shown and erased as ever.

var errClosing = fault.New(fault.Gone, "issuer_closing",
	"This issuer closes: it takes no new requests and renews no badges. Those that stand can be checked, withdrawn and erased as before.")

// closing refuses a request for a badge.
func (q *Requests) closing() error {
	if q.closes.IsZero() {
		return nil
	}
	return errClosing
}

// closed refuses to issue what was asked for before.
func (q *Requests) closed() error {
	if q.closes.IsZero() || q.now().Before(q.closes) {
		return nil
	}
	return errClosing
}
