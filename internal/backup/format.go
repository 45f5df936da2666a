package backup

import (
	"time"

	"cocarde.example/internal/fault"
)

// format is the version of what is written.
const format = 1

// part bounds the data of a frame, in bytes.
const part = 1 << 20

const (
	frameHeader  = 'H'
	frameSection = 'S'
	frameData    = 'D'
	frameEnd     = 'E'
)

// What may be told of a backup that cannot be read. Nothing was touched.
var (
	ErrDamaged = fault.New(fault.Conflict, "backup_damaged",
		"The file is no backup, or it was cut short or altered. Nothing was touched. Use another copy of it, or another backup.")
	ErrNewer = fault.New(fault.Conflict, "backup_newer",
		"The backup was made by a newer version of this program. Nothing was touched. Use that version or a later one.")
	errIdentity = fault.New(fault.Forbidden, "backup_identity",
		"The backup was not encrypted for this age identity. Nothing was touched. Give the identity of one of its recipients.")
)

// Header says what a backup holds.
type Header struct {
	Format  int               `json:"format"`
	Dialect string            `json:"dialect"` // "sqlite" or "postgresql"
	Schema  int64             `json:"schema"`
	Issuer  string            `json:"issuer"`
	Seq     int64             `json:"seq"` // of the last numbered event
	At      time.Time         `json:"at"`
	Record  string            `json:"record"` // that the database names; empty if none
	Keys    map[string][]byte `json:"keys"`   // data keys, as wrapped by the secret file
}

// Section is one part of a database.
type Section struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns,omitempty"`
}
