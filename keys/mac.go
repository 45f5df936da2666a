package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// MAC gives the HMAC-SHA256 of the parts under key, for one purpose. Purpose
// and parts are prefixed with their lengths, so that no two lists of parts
// give the same input.
func MAC(key []byte, purpose string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	var size [8]byte
	write := func(p []byte) {
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write(p)
	}
	write([]byte(purpose))
	for _, p := range parts {
		write(p)
	}
	return h.Sum(nil)
}
