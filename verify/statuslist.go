package verify

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

const (
	// StatusBits is the width of an entry in this issuer's lists: suspension needs two.
	StatusBits = 2

	maxInflated = 1 << 20 // bytes of a list once inflated
)

// StatusList is the array of statuses of a Token Status List
// (draft-ietf-oauth-status-list §4): entries of 1, 2, 4 or 8 bits, the least
// significant bits of a byte first. It is not safe for writing while read.
type StatusList struct {
	bits int
	data []byte
}

// NewStatusList makes a list of n entries of 2 bits, all valid. n is a multiple of
// 4, from 4 to 2^22.
func NewStatusList(n int) (*StatusList, error) {
	const perByte = 8 / StatusBits
	if n < perByte || n%perByte != 0 || n/perByte > maxInflated {
		return nil, fmt.Errorf("verify: a status list cannot have %d entries", n)
	}
	return &StatusList{StatusBits, make([]byte, n/perByte)}, nil
}

// Len is the number of entries.
func (l *StatusList) Len() int64 { return int64(len(l.data)) * 8 / int64(l.bits) }

// Status gives the entry at an index, ErrIndex where there is none. The number may
// be none of the named statuses.
func (l *StatusList) Status(idx int64) (Status, error) {
	if idx < 0 || idx >= l.Len() {
		return 0, ErrIndex
	}
	at, shift := l.place(idx)
	return Status(l.data[at] >> shift & l.mask()), nil
}

// Set changes the entry at an index.
func (l *StatusList) Set(idx int64, s Status) error {
	if idx < 0 || idx >= l.Len() {
		return ErrIndex
	}
	if byte(s) > l.mask() {
		return fmt.Errorf("verify: %v does not fit into %d bits", s, l.bits)
	}
	at, shift := l.place(idx)
	l.data[at] = l.data[at]&^(l.mask()<<shift) | byte(s)<<shift
	return nil
}

func (l *StatusList) mask() byte { return byte(1<<l.bits - 1) }

// place gives the byte of an entry and how far the entry stands from its low end.
func (l *StatusList) place(idx int64) (at, shift int64) {
	bit := idx * int64(l.bits)
	return bit / 8, bit % 8
}

// Encode gives the list as lst: base64url of its zlib form.
func (l *StatusList) Encode() (string, error) {
	var b bytes.Buffer
	// The default level: the highest takes twenty times as long for little.
	z := zlib.NewWriter(&b)
	if _, err := z.Write(l.data); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b.Bytes()), nil
}

// DecodeStatusList reads lst. The inflated list has at most 1 MiB.
func DecodeStatusList(bits int, lst string) (*StatusList, error) {
	switch bits {
	case 1, 2, 4, 8:
	default:
		return nil, errors.New("bits is not 1, 2, 4 or 8")
	}
	packed, err := decodeBase64(lst)
	if err != nil {
		return nil, err
	}
	r := bytes.NewReader(packed)
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, errors.New("lst is not zlib")
	}
	data, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	if err != nil {
		return nil, errors.New("lst is not zlib")
	}
	if len(data) > maxInflated {
		return nil, errors.New("the list is larger than 1 MiB")
	}
	if r.Len() > 0 || len(data) == 0 {
		return nil, errors.New("lst is empty or has bytes after its end")
	}
	return &StatusList{bits, data}, nil
}
