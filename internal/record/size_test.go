package record

import (
	"bytes"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What docs/OPERATING.md says that a badge takes: its issuance, with its part of the
// reservation, numbered in a beat of its own, as where few are issued.
func TestSizeOfABadge(t *testing.T) {
	t.Parallel()
	_, r := created(t)
	const badges = 1000
	var reserved []int64
	for range badges {
		reserved = append(reserved, rand.Int64N(1<<20))
	}
	must(t, r.Reserve(0, 12, reserved))
	for n := range int64(badges) {
		must(t, r.Number([]Event{{
			Seq: 5_000_000 + n, ID: 5_000_000 + n, Kind: "issued", At: time.Now().UnixMicro(), Badge: "0123456789ab",
			JTI: strings.Repeat("j", 22), List: 12, Index: reserved[n],
			TokenHash: bytes.Repeat([]byte{1}, 32),
			SignedBy:  strings.Repeat("k", 43), Expires: time.Now().UnixMicro(),
		}}))
	}
	info, err := r.file.Stat()
	must(t, err)
	text, err := os.ReadFile("../../docs/OPERATING.md")
	must(t, err)
	said := regexp.MustCompile(`some (\d+) bytes for each attestation`).FindSubmatch(text)
	if said == nil {
		t.Fatal("docs/OPERATING.md does not say how much a badge takes")
	}
	want, err := strconv.Atoi(string(said[1]))
	must(t, err)
	if got := int(info.Size() / badges); got < want*9/10 || got > want*11/10 {
		t.Errorf("a badge takes %d bytes, the documentation says %d", got, want)
	}
}
