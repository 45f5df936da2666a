package attest

import (
	"encoding/json"
	"fmt"
	"time"

	"cocarde.example/internal/retention"
)

// KeyRevokedMail writes to the agent of a badge that is revoked with the key that
// signed it; nil if the mailbox is not kept any more. It names neither account nor
// badge: by now the mailbox may be somebody else's.
func KeyRevokedMail(v Vault, issuer, lang string, b Badge, now time.Time) (*OutboxEntry, error) {
	if len(b.Mailbox) == 0 {
		return nil, nil
	}
	plain, err := v.Open(sealMailbox, b.Mailbox)
	if err != nil {
		return nil, fmt.Errorf("open mailbox: %w", err)
	}
	body, err := json.Marshal(Message{
		Kind: MailKeyRevoked, To: string(plain), Lang: lang, Issuer: issuer, Agency: b.Agency.Domain,
	})
	if err != nil {
		return nil, fmt.Errorf("outbox body: %w", err)
	}
	return &OutboxEntry{Kind: OutboxMail, Body: v.Seal(SealMail, body), NotAfter: now.Add(retention.Notice)}, nil
}
