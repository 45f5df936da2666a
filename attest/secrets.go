package attest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Purposes under which things are sealed; one is never opened under another.
const (
	sealMailbox  = "mailbox"
	sealVerifier = "pkce-verifier"
	sealStop     = "stop-mail"
	sealNote     = "note"

	// SealMail and SealRevocation are the purposes of outbox bodies.
	SealMail       = "outbox-mail"
	SealRevocation = "outbox-revocation"
)

// crockford is the base32 alphabet without i, l, o, u: read aloud, nothing is
// taken for something else.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// randomID gives n characters of 5 random bits each.
func randomID(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = crockford[b[i]&31]
	}
	return string(b)
}

// randomSecret gives n random bytes in base64url without padding.
func randomSecret(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// randomDigits gives 8 decimal digits, each value alike.
func randomDigits() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1e8))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return fmt.Sprintf("%08d", n)
}

// plainCode takes out what people put between the groups of a code.
func plainCode(typed string) string {
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u202f", "").Replace(strings.ToLower(typed))
}

func (q *Requests) mailEntry(m Message, badgeID string, notAfter time.Time) (*OutboxEntry, error) {
	return mailEntry(q.vault, m, badgeID, notAfter)
}

// mailEntry seals a message about a badge for the outbox.
func mailEntry(v Vault, m Message, badgeID string, notAfter time.Time) (*OutboxEntry, error) {
	e, err := outboxEntry(v, OutboxMail, SealMail, m, notAfter)
	if err != nil {
		return nil, err
	}
	e.BadgeID = badgeID
	return e, nil
}

func outboxEntry(v Vault, kind OutboxKind, purpose string, body any, notAfter time.Time) (*OutboxEntry, error) {
	plain, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("outbox body: %w", err)
	}
	return &OutboxEntry{Kind: kind, Body: v.Seal(purpose, plain), NotAfter: notAfter}, nil
}
