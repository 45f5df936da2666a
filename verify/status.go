package verify

import "fmt"

// Status is what a status list says of an attestation, as the number that stands in
// the list.
type Status uint8

// The statuses.
const (
	Valid     Status = 0
	Revoked   Status = 1 // for good
	Suspended Status = 2 // may become valid again
)

// String gives "valid", "revoked" or "suspended".
func (s Status) String() string {
	switch s {
	case Valid:
		return "valid"
	case Revoked:
		return "revoked"
	case Suspended:
		return "suspended"
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}
