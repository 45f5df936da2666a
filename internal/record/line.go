package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
)

// format is the version of what is written.
const format = 1

// line is what stands in one line of a file; the first one is its head.
type line struct {
	Format int    `json:"format,omitempty"` // of the head
	Record string `json:"record,omitempty"` // of the head: which record the file belongs to

	Last     int64   `json:"last"` // highest number that the record tells of, as far as the writer knows
	List     int64   `json:"list,omitempty"`
	Reserved []int64 `json:"reserved,omitempty"` // indices of that list
	Events   []Event `json:"events,omitempty"`
}

// Event is a numbered event, without what only its issuer may know.
type Event struct {
	Seq       int64  `json:"seq"`
	ID        int64  `json:"id"` // order of insertion
	Kind      string `json:"kind"`
	At        int64  `json:"at"` // Unix microseconds
	Badge     string `json:"badge,omitempty"`
	JTI       string `json:"jti,omitempty"`
	List      int64  `json:"list,omitempty"`
	Index     int64  `json:"idx,omitempty"`
	TokenHash []byte `json:"token,omitempty"`
	KID       string `json:"kid,omitempty"`
	Key       *Key   `json:"key,omitempty"` // of events about keys; absent once the key is gone

	// Of an attestation, should its row be lost: its key must be published until its end.
	SignedBy string `json:"signed_by,omitempty"`
	Expires  int64  `json:"exp,omitempty"` // Unix microseconds
}

// Key is a signing key as it rests in the database, when its event was numbered.
type Key struct {
	State       string `json:"state"`
	CreatedAt   int64  `json:"created"`             // Unix microseconds, as those that follow
	NotBefore   int64  `json:"not_before"`          //
	ActivatedAt int64  `json:"activated,omitempty"` // 0: never active
	RetiredAt   int64  `json:"retired,omitempty"`   // 0: not retired
	RevokedAt   int64  `json:"revoked,omitempty"`   // 0: not revoked
	Reason      string `json:"reason,omitempty"`    // of the revocation, which is public
	TakenBack   bool   `json:"taken_back,omitempty"`
	Public      []byte `json:"public"` // JWK
	Sealed      []byte `json:"sealed,omitempty"`
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errSum     = errors.New("a line does not fit its checksum")
)

// sumSize is that of a checksum as it is written: CRC-32C in hexadecimal, a space.
const sumSize = 9

// encode gives a line with its checksum and its end.
func encode(l line) ([]byte, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("record: encode: %w", err)
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(text, castagnoli), text), nil
}

// decode reads what encode gave, without its end.
func decode(b []byte) (l line, err error) {
	if len(b) < sumSize || b[sumSize-1] != ' ' {
		return line{}, errSum
	}
	sum, err := strconv.ParseUint(string(b[:sumSize-1]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(b[sumSize:], castagnoli) {
		return line{}, errSum
	}
	if err := json.Unmarshal(b[sumSize:], &l); err != nil {
		return line{}, fmt.Errorf("record: decode: %w", err)
	}
	return l, nil
}

// torn says whether the last piece of a file was being written when its writer
// ended: it has no end, or holes. What is torn was never made durable, so nothing
// that it tells has come to be.
func torn(piece []byte, ended bool) bool { return !ended || bytes.IndexByte(piece, 0) >= 0 }
